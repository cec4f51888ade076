// Checks whether workers can be started from here, before anything starts: the environment, mpirun,
// the worker program, the folder for mpirun's files, other hosts. `helip run` refuses to start with
// one of these problems and `helip doctor` lists them.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/preflight/probe.h"
#include "common/error.h"
#include "config/run_config.h"

namespace helip::cli {

// The parts of the operating system that the checks use, replaceable in tests.
struct Machine {
  std::string host;                                           // from gethostname()
  std::function<std::string(const char* name)> variable;      // environment; "": not set
  std::function<Probe(const std::vector<std::string>&)> run;  // probe()
  std::vector<std::string> ancestors;  // names of the parent processes, nearest first
};
Machine this_machine();

// Returns the problem if this process is a rank of a running mpirun or srun, where each rank would
// start the job; else nothing.
std::optional<Problem> nested_start(const Machine& machine);

// Returns the names of the environment variables that an earlier launch has left. mpirun is started
// without them.
std::vector<std::string> left_variables();

// Whether Slurm's programs are found, and whether they know a cluster.
struct SlurmPrograms {
  bool found = false, configured = false;
  std::string detail;  // version, or the reason why it is not known
};
// Runs sinfo and returns its answers.
SlurmPrograms slurm_programs(const Machine& machine);

// Returns the problem if Open MPI would take this shell for a part of a Slurm job (SLURM_JOBID,
// SLURM_NODELIST) that does not run, whose hosts cannot be reached from here, or whose other
// variables are missing: mpirun would still ask Slurm for the hosts. Returns nothing if the job
// runs, and also, with a warning, if squeue does not say whether it runs.
std::optional<Problem> stale_slurm_job(const Machine& machine);

// Returns the problem if mpirun is missing, cannot start, or is not Open MPI's; else nothing. Sets
// `version` to the first line of `mpirun --version`.
std::optional<Problem> unfit_mpirun(const Machine& machine, std::string& version);

// Returns the problem if the worker program is missing, cannot start or is of another build, or if
// a library of the engine is missing; else nothing.
std::optional<Problem> unfit_worker(const Machine& machine);

// Returns the problem if mpirun's temporary folder cannot be written or has less than 4 MiB free;
// else nothing. Sets `detail` to the folder's name and free space.
std::optional<Problem> unfit_temporary_folder(const Machine& machine, std::string& detail);

// Throws ConfigError that names the first problem for which a launch with this configuration would
// fail: those above, hosts that cannot be reached, a missing GPU. Warns of what may slow the launch
// down or keep other hosts out.
void check_launch(const config::RunConfig& config, const Machine& machine = this_machine());

}  // namespace helip::cli
