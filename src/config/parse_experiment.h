// Reads YAML into an ExperimentConfig.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/experiment_config.h"

namespace helip::config {

// Values that replace those of the file; empty and 0: the file's.
struct ExperimentOverrides {
  std::vector<std::string> arms = {};
  std::uint64_t seeds = 0, jobs_at_once = 0;
};

// Reads the file, applies the overrides and validates the result, as load_config() does a job's
// configuration; the default of work_dir is resolved against the current folder. The files that it
// names are not read. Throws ConfigError with file:line and key, StoreError if a file that exists
// cannot be opened.
ExperimentConfig load_experiment(const std::filesystem::path& file,
                                 const ExperimentOverrides& overrides = {});

}  // namespace helip::config
