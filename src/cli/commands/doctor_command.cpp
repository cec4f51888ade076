// helip doctor
#include <sys/statvfs.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/preflight/launch_check.h"
#include "cli/preflight/worker_program.h"
#include "cli/print.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "coordinator/launch/launch_environment.h"
#include "engine/engine.h"
#include "rpc/version.h"

namespace helip::cli {
namespace {

constexpr int kSchemaVersion = 1;

struct Finding {
  std::string name;
  bool there = false;
  bool required = false;
  std::string detail;
};

std::vector<Finding> engine_findings() {
  try {
    const engine::EngineInfo info = engine::engine().info();
    const bool gpus = info.cuda_devices > 0;
    return {{"LibTorch", true, true, cat(info.libtorch_version, ", CPU ", info.cpu_capability)},
            {"GPUs", gpus, false,
             gpus ? cat(info.cuda_devices)
                  : std::string(info.cuda_built ? "none" : "none (this build is for CPUs)")},
            {"NCCL", !info.nccl_version.empty(), false,
             info.nccl_version.empty() ? "not in this build" : info.nccl_version}};
  } catch (const Error& error) {
    return {{"LibTorch", false, true, error.what()}};
  }
}

// `detail` where there is no problem, else the problem.
Finding finding_of(const char* name, const std::optional<Problem>& problem, bool required,
                   const std::string& detail) {
  return {name, !problem, required, problem ? to_line(*problem) : detail};
}

std::string worker_detail() {
  try {
    return worker_program().string();
  } catch (const Error&) {
    return {};
  }
}

// What a launch from this shell meets.
std::vector<Finding> launch_findings() {
  const Machine machine = this_machine();
  std::string mpirun, folder;
  const auto unfit = unfit_mpirun(machine, mpirun);
  const auto full = unfit_temporary_folder(machine, folder);
  const std::vector<std::string> left = left_variables();
  const SlurmPrograms slurm = slurm_programs(machine);
  std::vector<Finding> findings = {
      finding_of("helip_worker", unfit_worker(machine), true, worker_detail()),
      finding_of("mpirun", unfit, true, mpirun),
      finding_of("temporary", full, true, folder),
      finding_of(
          "environment", nested_start(machine), true,
          left.empty()
              ? std::string("of no other launch")
              : cat("mpirun is started without what another launch has left: ", left.front(),
                    left.size() == 1 ? std::string() : cat(" and ", left.size() - 1, " more"))),
      {"Slurm", slurm.found, false, slurm.detail}};
  if (const std::string job = machine.variable(coordinator::kSlurmJob); !job.empty()) {
    findings.push_back(
        finding_of("Slurm job", stale_slurm_job(machine), true,
                   cat(job, ", on ", printable(machine.variable("SLURM_NODELIST")))));
  } else if (!machine.variable("SLURM_JOB_ID").empty()) {
    findings.push_back(
        {"Slurm job", false, false,
         cat("SLURM_JOB_ID ", printable(machine.variable("SLURM_JOB_ID")), " without ",
             coordinator::kSlurmJob, ": mpirun starts workers on this machine")});
  }
  return findings;
}

Finding disk_finding() {
  struct statvfs disk {};
  if (statvfs(".", &disk) != 0)
    return {"disk", false, true, "the current folder cannot be examined"};
  const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
  return {"disk", true, true, cat(human_bytes(free), " free in the current folder")};
}

std::vector<Finding> examine() {
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  std::vector<Finding> findings = {{"helip", true, true, rpc::build_name()},
                                   {"cores", true, true, cat(sysconf(_SC_NPROCESSORS_ONLN))},
                                   {"memory", true, true, human_bytes(memory)},
                                   disk_finding()};
  for (Finding& finding : launch_findings()) findings.push_back(std::move(finding));
  for (Finding& finding : engine_findings()) findings.push_back(std::move(finding));
  return findings;
}

int doctor(bool json) {
  const std::vector<Finding> findings = examine();
  bool fit = true;
  OrderedJson object = {{"schema_version", kSchemaVersion}};
  for (const Finding& finding : findings) {
    fit = fit && (finding.there || !finding.required);
    object["findings"].push_back({{"name", finding.name},
                                  {"there", finding.there},
                                  {"required", finding.required},
                                  {"detail", finding.detail}});
    if (json) continue;
    const char* mark = finding.there ? "ok      " : finding.required ? "MISSING " : "-       ";
    print_lines(cat(mark, finding.name,
                    std::string(14 - std::min<std::size_t>(13, finding.name.size()), ' '),
                    finding.detail, "\n"));
  }
  object["fit"] = fit;
  if (json) print_json(object, 2);
  return fit ? kExitDone : kExitFailed;
}

}  // namespace

void add_doctor_command(CLI::App& app, int& exit_code) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("doctor", "What this machine has: GPUs, NCCL, MPI, Slurm, LibTorch, disk");
  command->add_flag("--json", *json, "JSON with schema_version");
  command->callback([json, &exit_code] { exit_code = doctor(*json); });
}

}  // namespace helip::cli
