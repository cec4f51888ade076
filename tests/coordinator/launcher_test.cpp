#include "coordinator/launch/launcher.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "coordinator/supervisor.h"

using namespace helip;
using namespace helip::coordinator;

namespace {

LaunchSpec spec_for(std::vector<Stage> stages) {
  LaunchSpec spec;
  spec.name = "run-1-launch-1";
  spec.stages = std::move(stages);
  spec.coordinator = "127.0.0.1:9";
  spec.work_dir = "/w";
  spec.worker_program = "/bin/helip_worker";
  return spec;
}

bool has(const Command& command, const std::string& argument) {
  return std::count(command.arguments.begin(), command.arguments.end(), argument) == 1;
}

bool has_pair(const Command& command, const std::string& first, const std::string& second) {
  const auto found = std::find(command.arguments.begin(), command.arguments.end(), first);
  return found != command.arguments.end() && *(found + 1) == second;
}

}  // namespace

TEST_CASE("a launch without training survives the death of a rank, one with training does not") {
  const config::LauncherConfig config;
  CHECK(has(mpirun_command(config, spec_for({Stage::kEncode, Stage::kMine}), false),
            "--enable-recovery"));
  CHECK_FALSE(has(mpirun_command(config, spec_for({Stage::kTrain}), false), "--enable-recovery"));
}

TEST_CASE("every launch binds to no core and states ranks, stages and coordinator") {
  config::LauncherConfig config;
  config.workers = 3;
  config.mpirun_args = {"--mca", "btl", "self,tcp"};
  const Command command = mpirun_command(config, spec_for({Stage::kEval, Stage::kReport}), false);
  CHECK(has_pair(command, "-n", "3"));
  CHECK(has_pair(command, "--bind-to", "none"));
  CHECK(has_pair(command, "btl", "self,tcp"));
  CHECK(has_pair(command, "--stages", "eval,report"));
  CHECK(has_pair(command, "--coordinator", "127.0.0.1:9"));
  CHECK(command.environment.at("HELIP_LAUNCH") == "run-1-launch-1");
}

TEST_CASE("hosts come from the configuration, else from the allocation, else this machine") {
  config::LauncherConfig config;
  CHECK(
      has_pair(mpirun_command(config, spec_for({Stage::kTrain}), false), "--host", "localhost:2"));
  CHECK_FALSE(has(mpirun_command(config, spec_for({Stage::kTrain}), true), "--host"));
  config.hosts = "n1:1,n2:1";
  CHECK(has_pair(mpirun_command(config, spec_for({Stage::kTrain}), true), "--host", "n1:1,n2:1"));
}

TEST_CASE(
    "ssh to other hosts asks nothing and gives up soon, unless the person has chosen another way") {
  config::LauncherConfig config;
  CHECK_FALSE(has(mpirun_command(config, spec_for({Stage::kTrain}), false), "plm_rsh_args"));
  config.hosts = "n1:1,n2:1";
  CHECK(has_pair(mpirun_command(config, spec_for({Stage::kTrain}), false), "plm_rsh_args",
                 "-o BatchMode=yes -o ConnectTimeout=20"));
  CHECK_FALSE(has(mpirun_command(config, spec_for({Stage::kTrain}), true), "plm_rsh_args"));
  for (const char* parameter : {"plm_rsh_agent", "plm_rsh_args", "orte_rsh_agent"}) {
    config.mpirun_args = {"--mca", parameter, "mine"};
    CHECK_FALSE(has_pair(mpirun_command(config, spec_for({Stage::kTrain}), false), "plm_rsh_args",
                         "-o BatchMode=yes -o ConnectTimeout=20"));
  }
}

TEST_CASE("stages that need no collectives share launches; training has its own") {
  CHECK(launch_group(Stage::kMine) ==
        std::vector<Stage>{Stage::kIndex, Stage::kEncode, Stage::kMine});
  CHECK(launch_group(Stage::kTrain) == std::vector<Stage>{Stage::kTrain});
  CHECK(launch_group(Stage::kReport) == std::vector<Stage>{Stage::kEval, Stage::kReport});
}
