#include "worker/rank.h"

#include <catch2/catch.hpp>
#include <map>

#include "common/error.h"

using namespace helip;
using worker::Rank;

namespace {

Rank rank_in(const std::map<std::string, std::string>& environment) {
  return worker::rank_from(
      [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
      },
      "host", 7);
}

}  // namespace

TEST_CASE("a process typed into a shell is a launch of its own") {
  const Rank rank = rank_in({});
  CHECK(rank.size == 1);
  CHECK(rank.launch == "host-7");
  CHECK_FALSE(rank.launched);
}

TEST_CASE("Open MPI's variables come before Slurm's") {
  const Rank rank = rank_in({{"OMPI_COMM_WORLD_RANK", "2"},
                             {"OMPI_COMM_WORLD_SIZE", "4"},
                             {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                             {"PMIX_NAMESPACE", "job-5"},
                             {"SLURM_PROCID", "0"},
                             {"SLURM_STEP_NUM_TASKS", "1"},
                             {"SLURM_STEP_ID", "0"}});
  CHECK(rank.rank == 2);
  CHECK(rank.size == 4);
  CHECK(rank.local_rank == 1);
  CHECK(rank.launch == "job-5");
  CHECK(rank.launched);
}

TEST_CASE("srun's ranks share a launch by job and step; a batch script is no rank") {
  const Rank rank = rank_in({{"SLURM_PROCID", "1"},
                             {"SLURM_STEP_NUM_TASKS", "2"},
                             {"SLURM_LOCALID", "0"},
                             {"SLURM_JOB_ID", "9"},
                             {"SLURM_STEP_ID", "3"}});
  CHECK(rank.rank == 1);
  CHECK(rank.launch == "slurm-9.3");
  CHECK(rank_in({{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}}).launch == "host-7");
}

TEST_CASE("the launcher's own name for a launch wins") {
  CHECK(rank_in({{"HELIP_LAUNCH", "run-1-launch-2"}, {"PMIX_NAMESPACE", "x"}}).launch ==
        "run-1-launch-2");
}

TEST_CASE("ranks that do not fit are refused") {
  CHECK_THROWS_AS(rank_in({{"PMI_RANK", "2"}, {"PMI_SIZE", "2"}}), ConfigError);
  CHECK_THROWS_WITH(rank_in({{"PMI_RANK", "x"}, {"PMI_SIZE", "2"}}), Catch::Contains("PMI_RANK"));
}
