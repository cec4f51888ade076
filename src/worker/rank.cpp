#include "worker/rank.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "common/error.h"
#include "common/text.h"

namespace helip::worker {
namespace {

struct Names {
  const char* rank;
  const char* size;
  const char* local_rank;
};

// Open MPI first: inside a Slurm job mpirun's ranks see Slurm's variables too, which describe its
// daemons.
constexpr std::array<Names, 3> kSources = {
    Names{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
    Names{"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"},
    Names{"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"}};

std::optional<std::uint32_t> number(const std::string& text, const char* name) {
  if (text.empty()) return std::nullopt;
  std::uint32_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    throw ConfigError({.what = "not a number", .where = name, .found = text});
  }
  return value;
}

}  // namespace

Rank rank_from(const std::function<std::string(const char*)>& variable, const std::string& host,
               std::int64_t pid) {
  Rank here;
  for (const Names& names : kSources) {
    const auto rank = number(variable(names.rank), names.rank);
    const auto size = number(variable(names.size), names.size);
    if (!rank || !size) continue;
    // A Slurm batch script is "rank 0 of 1" of its own step: not launched by srun.
    if (std::string_view(names.rank) == "SLURM_PROCID" && variable("SLURM_STEP_ID").empty())
      continue;
    here.rank = *rank;
    here.size = *size;
    here.local_rank = number(variable(names.local_rank), names.local_rank).value_or(0);
    here.launched = true;
    if (here.size == 0 || here.rank >= here.size) {
      throw ConfigError({.what = "rank and size do not fit each other",
                         .where = names.rank,
                         .expected = cat("below ", here.size),
                         .found = cat(here.rank)});
    }
    break;
  }
  here.launch = variable("HELIP_LAUNCH");
  if (here.launch.empty()) here.launch = variable("PMIX_NAMESPACE");
  if (here.launch.empty() && here.launched && !variable("SLURM_JOB_ID").empty()) {
    here.launch = cat("slurm-", variable("SLURM_JOB_ID"), ".", variable("SLURM_STEP_ID"));
  }
  // A single process is a launch of its own.
  if (here.launch.empty()) here.launch = cat(host, "-", pid);
  return here;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "unknown";
}

Rank this_rank() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  return rank_from(variable, host_name(), getpid());
}

}  // namespace helip::worker
