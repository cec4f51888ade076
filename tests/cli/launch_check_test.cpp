#include "cli/preflight/launch_check.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "common/publish.h"
#include "common/text.h"
#include "support/temporary_folder.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;

// A machine of which the test says everything.
struct Imagined {
  std::map<std::string, std::string> variables;
  std::map<std::string, Probe> answers;  // by the program's name
  std::vector<std::string> ancestors = {"bash", "sshd"};

  [[nodiscard]] Machine machine() const {
    return {.host = "n1.cluster",
            .variable =
                [this](const char* name) {
                  const auto found = variables.find(name);
                  return found == variables.end() ? std::string() : found->second;
                },
            .run =
                [this](const std::vector<std::string>& command) {
                  const auto found =
                      answers.find(std::filesystem::path(command.front()).filename().string());
                  return found == answers.end() ? Probe{127, "No such file or directory"}
                                                : found->second;
                },
            .ancestors = ancestors};
  }
};

std::string said(const std::optional<Problem>& problem) {
  return problem ? to_line(*problem) : std::string();
}

}  // namespace

TEST_CASE("a rank of a launch that runs is not to start the job, a shell that was one may") {
  Imagined shell;
  CHECK(said(nested_start(shell.machine())).empty());
  for (const char* rank : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    shell.variables = {{rank, "1"}};
    shell.ancestors = {"bash", "sshd"};
    CHECK(said(nested_start(shell.machine())).empty());
    for (const char* launcher : {"mpirun", "orted", "prterun", "hydra_pmi_proxy"}) {
      shell.ancestors = {"sh", launcher, "bash"};
      CHECK_THAT(said(nested_start(shell.machine())), Contains(rank) &&
                                                          Contains("without mpirun") &&
                                                          Contains(cat("rank 1 of ", launcher)));
    }
  }
  // mpirun above, as of a test harness, but this is none of its ranks.
  shell.variables.clear();
  CHECK(said(nested_start(shell.machine())).empty());
  shell.variables = {{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_PROCID", "0"}};
  CHECK(said(nested_start(shell.machine())).empty());
  shell.variables["SLURM_STEP_NUM_TASKS"] = "4";
  CHECK_THAT(said(nested_start(shell.machine())), Contains("several times") && Contains("found 4"));
}

TEST_CASE("a shell of a Slurm job is trusted while the job runs") {
  Imagined shell;
  const auto stale = [&] { return said(stale_slurm_job(shell.machine())); };
  CHECK(stale().empty());
  // Open MPI does not read these.
  shell.variables = {{"SLURM_JOB_ID", "12"}, {"SLURM_JOB_NODELIST", "n[1-2]"}};
  CHECK(stale().empty());
  shell.variables = {{"SLURM_JOBID", "12"}};
  CHECK_THAT(stale(), Contains("a part only") && Contains("no SLURM_NODELIST"));
  shell.variables["SLURM_NODELIST"] = "n[1-2]";
  CHECK_THAT(stale(), Contains("SLURM_JOBID 12") && Contains("no SLURM_TASKS_PER_NODE"));
  shell.variables["SLURM_TASKS_PER_NODE"] = "1(x2)";
  shell.answers["squeue"] = {0, "RUNNING\n"};
  CHECK(stale().empty());
  for (const char* state : {"COMPLETED", "CANCELLED", "PENDING"}) {
    shell.answers["squeue"] = {0, cat(state, "\n")};
    CHECK_THAT(stale(), Contains("does not run") && Contains("SLURM_JOBID 12") && Contains(state));
  }
  shell.answers["squeue"] = {0, ""};
  CHECK_THAT(stale(), Contains("no such job"));
  shell.answers["squeue"] = {1, "slurm_load_jobs error: Invalid job id specified\n"};
  CHECK_THAT(stale(), Contains("is over") && Contains("Invalid job id"));
  // A controller that does not answer.
  for (const Probe& answer :
       {Probe{1, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n"},
        Probe{137, "", true, 30}}) {
    shell.answers["squeue"] = answer;
    CHECK(stale().empty());
  }
  // Nobody knows of the job: other hosts are out of reach, this one is not.
  const Probe unconfigured = {1,
                              "squeue: error: fetch_config: DNS SRV lookup failed\n"
                              "squeue: fatal: Could not establish a configuration source\n"};
  for (const Probe& answer : {unconfigured, Probe{127, ""}}) {
    shell.answers["squeue"] = answer;
    shell.variables["SLURM_NODELIST"] = "n[1-2]";
    CHECK_THAT(stale(),
               Contains("cannot be reached") &&
                   Contains(answer.exit_status == 127 ? "no squeue" : "Could not establish"));
    shell.variables["SLURM_NODELIST"] = "n1";
    CHECK(stale().empty());
  }
}

TEST_CASE("Slurm whose configuration cannot be fetched is found, not configured") {
  Imagined box;
  CHECK_FALSE(slurm_programs(box.machine()).found);
  box.answers["sinfo"] = {1,
                          "sinfo: error: fetch_config: DNS SRV lookup failed\n"
                          "sinfo: fatal: Could not establish a configuration source\n"};
  SlurmPrograms slurm = slurm_programs(box.machine());
  CHECK(slurm.found);
  CHECK_FALSE(slurm.configured);
  CHECK_THAT(slurm.detail, Contains("found, not configured here: sinfo: fatal: Could not"));
  box.answers["sinfo"] = {0, "slurm-wlm 22.05.8\n"};
  slurm = slurm_programs(box.machine());
  CHECK(slurm.configured);
  CHECK(slurm.detail == "slurm-wlm 22.05.8");
  box.answers["sinfo"] = {137, "", true, 30};
  slurm = slurm_programs(box.machine());
  CHECK(slurm.found);
  CHECK(slurm.detail == "found, no answer in 30 s");
}

TEST_CASE("another MPI's mpirun, and one that cannot start, are told by what they say") {
  Imagined box;
  std::string version;
  const auto unfit = [&](const Probe& answer) {
    box.answers["mpirun"] = answer;
    return said(unfit_mpirun(box.machine(), version));
  };
  CHECK(unfit({0, "mpirun (Open MPI) 4.1.4\n\nReport bugs to\n"}).empty());
  CHECK(version == "mpirun (Open MPI) 4.1.4");
  CHECK_THAT(unfit({0, "HYDRA build details:\n    Version: 4.0.2\n"}),
             Contains("another MPI") && Contains("HYDRA build details"));
  CHECK_THAT(unfit({0, "Intel(R) MPI Library for Linux* OS, Version 2021\n"}), Contains("Intel"));
  CHECK_THAT(unfit({127, "mpirun: error while loading shared libraries: libopen-rte.so.40\n"}),
             Contains("cannot start") && Contains("libopen-rte.so.40"));
  CHECK_THAT(unfit({1, ""}), Contains("exit 1"));
  // A slow one may start all the same.
  CHECK(unfit({137, "", true, 30}).empty());
  CHECK_THAT(version, Contains("mpirun: no answer in 30 s"));
}

TEST_CASE("mpirun's temporary folder must take files") {
  const test::TemporaryFolder folder;
  Imagined box;
  std::string detail;
  const auto unfit = [&] { return said(unfit_temporary_folder(box.machine(), detail)); };
  box.variables["TMPDIR"] = folder.path().string();
  CHECK(unfit().empty());
  CHECK_THAT(detail, Contains(folder.path().string()) && Contains("free"));
  box.variables["TMPDIR"] = (folder.path() / "made/by/mpirun").string();
  CHECK(unfit().empty());
  CHECK(std::filesystem::is_empty(folder.path()));
  box.variables["TMPDIR"] = "/proc";
  CHECK_THAT(unfit(), Contains("TMPDIR") && Contains("/proc: "));
  publish_file(folder.path() / "file", "x");
  box.variables["OMPI_MCA_orte_tmpdir_base"] = (folder.path() / "file").string();
  CHECK_THAT(unfit(), Contains("OMPI_MCA_orte_tmpdir_base") && Contains("Not a directory"));
}

TEST_CASE("a program is asked, with what it says and how it ends") {
  CHECK(probe({"sh", "-c", "echo out; echo err >&2; exit 3"}).exit_status == 3);
  CHECK(probe({"sh", "-c", "echo out; echo err >&2"}).output == "out\nerr\n");
  CHECK(probe({"sh", "-c", "cat"}).output.empty());  // nothing to read, and no wait for it
  CHECK(probe({"/no/such/program"}).exit_status == 127);
  CHECK_THAT(probe({"/no/such/program"}).output, Contains("No such file"));
  CHECK(probe({"sh", "-c", "kill -9 $$"}).exit_status == 137);
  CHECK(probe({"sh", "-c", "sleep 100"}, 0.05).exit_status == 137);
  CHECK(probe({"sh", "-c", "sleep 100"}, 0.05).timed_out);
  CHECK_FALSE(probe({"sh", "-c", "kill -9 $$"}).timed_out);
  CHECK(probe({"sh", "-c", "yes | head -c 100000"}).output.size() == 64 << 10);
  CHECK(first_line("\n-----\n a\x1b[0m\nb\n\n") == " a\\x1b[0m");
  CHECK(last_line("\n a\nb\n\n") == "b");
  CHECK(first_line("").empty());
}

}  // namespace helip::cli
