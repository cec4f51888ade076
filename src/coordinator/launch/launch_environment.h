// The environment that mpirun is started with. Variables that another launch has left in the shell
// make mpirun take itself for one of that launch's ranks: it then ends at once, with or without a
// word.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helip::coordinator {

// By this variable Open MPI takes a shell for one of a Slurm job; it does not read SLURM_JOB_ID.
inline constexpr const char* kSlurmJob = "SLURM_JOBID";

// Returns true if mpirun sets a variable of this name for its ranks. MCA parameters that a person
// sets (OMPI_MCA_btl, …) are none, nor is the permission to run as root.
bool is_set_by_mpirun(std::string_view name);

struct LaunchEnvironment {
  std::vector<std::string> settings;  // NAME=value
  std::vector<std::string> left_out;  // names
};

// Returns `inherited` (NAME=value each) without what mpirun sets, and with `added`.
LaunchEnvironment launch_environment(const std::vector<std::string>& inherited,
                                     const std::map<std::string, std::string>& added);

}  // namespace helip::coordinator
