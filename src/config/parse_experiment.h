// Reads YAML into an ExperimentConfig.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/experiment_config.h"
#include "config/read_fields.h"
#include "config/run_config.h"

namespace helip::config {

// Values that replace those of the file; empty and 0: the file's. Settings join those of the file.
struct ExperimentOverrides {
  std::vector<std::string> arms = {};
  std::uint64_t seeds = 0, jobs_at_once = 0;
  Settings set = {};
};

struct LoadedExperiment {
  ExperimentConfig config;
  std::filesystem::path file;
  Positions positions = {};  // of the keys that the file gives
};

// Reads the file, applies the overrides and validates the result, as load_config() does a job's
// configuration; the default of work_dir is resolved against the current folder. The files that it
// names are not read. Throws ConfigError with file:line and key, StoreError if a file that exists
// cannot be opened.
LoadedExperiment load_experiment(const std::filesystem::path& file,
                                 const ExperimentOverrides& overrides = {});

// Throws ConfigError with file:line and key if one of `measures` names a data set that `tune`, the
// configuration of its jobs, does not score, or a metric that the tasks of the data set do not
// give; likewise of choose.measures and choose.datasets, and if one of these is a rank.
void expect_measures(const LoadedExperiment& experiment, const RunConfig& tune);

}  // namespace helip::config
