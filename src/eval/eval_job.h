// Evaluation as a job. Torch-free header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/run_config.h"

namespace helip::eval {

struct EvalSpec {
  config::ModelConfig model;  // init names the checkpoint to score
  config::EvalDataset dataset;
  config::EvalConfig options;
  std::string pretrained;  // label of the weights in the result ("init", "seed-1", …)
  std::filesystem::path feature_cache;  // frozen towers' features of the data set; empty: none
  std::string device = "cpu";
};

// One entry in clip_benchmark's form.
struct EvalResult {
  std::string dataset, model, pretrained,
      task;  // task: zeroshot_classification | zeroshot_retrieval | linear_probe
  std::map<std::string, double>
      metrics;  // acc1, acc5, mean_per_class_recall, image_retrieval_recall@K, …
  std::string language = "en";
};

// Returns the scores of a model on one data set, an entry for each task of the data set. `progress`
// may be empty. Throws ConfigError or DataError naming what cannot be scored.
std::vector<EvalResult> run_eval_job(
    const EvalSpec& spec, const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace helip::eval
