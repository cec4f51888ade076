// helip doctor
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/print.h"
#include "cli/run_job.h"
#include "common/error.h"
#include "common/text.h"
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

// First line of what a fixed command prints; empty if it cannot be run.
std::string first_line_of(const char* command) {
  FILE* pipe = ::popen(command, "r");
  if (pipe == nullptr) return {};
  std::array<char, 256> line{};
  const bool read = std::fgets(line.data(), line.size(), pipe) != nullptr;
  const int status = ::pclose(pipe);
  if (!read || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return {};
  std::string text = line.data();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return printable(text);
}

Finding program(const char* name, const char* command, bool required) {
  const std::string line = first_line_of(command);
  return {name, !line.empty(), required, line.empty() ? "not found" : line};
}

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

Finding worker_finding() {
  try {
    return {"helip_worker", true, true, worker_program().string()};
  } catch (const Error& error) {
    return {"helip_worker", false, true, error.what()};
  }
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
                                   disk_finding(),
                                   worker_finding(),
                                   program("mpirun", "mpirun --version 2>/dev/null", true),
                                   program("Slurm", "sbatch --version 2>/dev/null", false)};
  for (Finding& finding : engine_findings()) findings.push_back(std::move(finding));
  return findings;
}

int doctor(bool json) {
  const std::vector<Finding> findings = examine();
  bool fit = true;
  nlohmann::ordered_json object = {{"schema_version", kSchemaVersion}};
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
