// Runs jobs as processes of `helip run`, several at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "experiment/planned_jobs.h"

namespace helip::experiment {

struct JobEvent {
  const PlannedJob* job = nullptr;
  bool ended = false;  // false: the job has begun
  double seconds = 0;  // since its begin
};

struct RunJobsOptions {
  std::filesystem::path program;  // helip
  std::filesystem::path folder;   // of the experiment: gets configs/ and logs/
  std::size_t at_once = 1;
  std::function<int()> stops;  // how often a stop was asked for; each is passed on to the jobs
  std::function<void(const JobEvent&)> on_event;  // called as jobs begin and end
};

// Returns true once all jobs are done, false if they were stopped; jobs that are done already end
// at once. After a job that fails no further one begins; then throws ConfigError, of a job that its
// configuration has failed, else Error, naming job, what it said last and its log. Throws
// StoreError if a configuration or log cannot be written.
bool run_jobs(const std::vector<PlannedJob>& jobs, const RunJobsOptions& options);

}  // namespace helip::experiment
