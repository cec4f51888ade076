// The scores of a training on held-out data sets.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "train/train_job.h"

namespace helip::worker {

// Scores a checkpoint on scores.datasets: a result for each task of each data set, in their order,
// with the metrics of report::quality_metrics. Runs in this thread with
// launcher.threads_per_worker threads. Throws what an evaluation throws.
std::vector<train::HeldOutResult> score_checkpoint(const config::RunConfig& config,
                                                   const std::filesystem::path& checkpoint,
                                                   const std::filesystem::path& feature_cache,
                                                   const std::string& device);

}  // namespace helip::worker
