// The score that ends a training early.
#pragma once

#include <filesystem>
#include <string>

#include "config/run_config.h"

namespace helip::worker {

// Returns the zero-shot accuracy (acc1, 0 to 1) of a checkpoint on early_stop.dataset. Runs in this
// thread with launcher.threads_per_worker threads. Throws what an evaluation throws.
double held_out_accuracy(const config::RunConfig& config, const std::filesystem::path& checkpoint,
                         const std::filesystem::path& feature_cache, const std::string& device);

}  // namespace helip::worker
