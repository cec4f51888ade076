// Which rank of which launch this process is, from the environment that mpirun, srun or PMI sets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace helip::worker {

struct Rank {
  std::uint32_t rank = 0, size = 1, local_rank = 0;
  std::string launch;     // equal for the ranks of one launch, different for another
  bool launched = false;  // by mpirun or srun, not typed into a shell
};

// Returns the rank that the environment tells. `variable` returns a variable of it, empty if unset.
// Throws ConfigError for numbers that do not fit each other.
Rank rank_from(const std::function<std::string(const char*)>& variable, const std::string& host,
               std::int64_t pid);

// Returns the rank of this process.
Rank this_rank();
// Returns the name of this machine.
std::string host_name();

}  // namespace helip::worker
