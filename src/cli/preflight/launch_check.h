// Whether workers can be started from here, told before anything starts: the environment, mpirun,
// the worker program, the folder for mpirun's files, other hosts. `helip run` refuses what it finds
// and `helip doctor` lists it.
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

// What the checks ask the operating system.
struct Machine {
  std::string host;                                           // as gethostname() has it
  std::function<std::string(const char* name)> variable;      // of the environment; "" if not set
  std::function<Probe(const std::vector<std::string>&)> run;  // probe()
  std::vector<std::string> ancestors;  // names of the programs above this one
};
Machine this_machine();

// This process is a rank of an mpirun or srun that is running: each rank would start the job.
std::optional<Problem> nested_start(const Machine& machine);

// Names of variables that an earlier launch has left; mpirun is started without them.
std::vector<std::string> left_variables();

// Slurm's programs, as far as they say something of themselves.
struct SlurmPrograms {
  bool found = false, configured = false;
  std::string detail;  // version, or what a program says instead
};
SlurmPrograms slurm_programs(const Machine& machine);

// SLURM_JOBID and SLURM_NODELIST, by which Open MPI goes, are of a job that is over, or of hosts
// that cannot be reached from here, or lack others that Open MPI reads: mpirun would ask Slurm for
// them all the same.
std::optional<Problem> stale_slurm_job(const Machine& machine);

// mpirun is not there, cannot start, or is another MPI's. `version` gets its first line.
std::optional<Problem> unfit_mpirun(const Machine& machine, std::string& version);

// The worker program, or a library of it or of the engine, is missing.
std::optional<Problem> unfit_worker(const Machine& machine);

// The folder where mpirun keeps its files takes none, or is full. `detail` gets name and room.
std::optional<Problem> unfit_temporary_folder(const Machine& machine, std::string& detail);

// Throws ConfigError naming the first cause for which a launch as configured would fail. Warns of
// what may slow it down or keep other hosts out.
void check_launch(const config::RunConfig& config, const Machine& machine = this_machine());

}  // namespace helip::cli
