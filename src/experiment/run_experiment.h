// An experiment from its configuration to its summary.
#pragma once

#include <optional>

#include "experiment/run_jobs.h"
#include "experiment/summary.h"

namespace helip::experiment {

// Runs the base jobs, then the tries, of which each arm keeps its best, then the arms' jobs, and
// compares the arms. What is done already is not done again. Returns nothing if it was stopped.
// Throws what run_jobs() and JobPlan's functions throw.
std::optional<Summary> run_experiment(const JobPlan& plan, const RunJobsOptions& options);

}  // namespace helip::experiment
