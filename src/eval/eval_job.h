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
  std::string dataset, model, pretrained;
  std::string task;  // zeroshot_classification | zeroshot_retrieval | linear_probe
  // acc1, acc5, mean_per_class_recall, image_retrieval_recall@K, …
  std::map<std::string, double> metrics;
  std::string language = "en";
};

// Runs the tasks of spec.dataset and returns a result for each, in their order. Calls
// progress(done, total), which may be empty, after each set of images or texts; both count images
// and texts. Throws ConfigError if there is no task or the linear probe would be scored on the
// split `train`, DataError if the data set lacks what a task needs, and what open_dataset_embedder
// throws.
std::vector<EvalResult> run_eval_job(
    const EvalSpec& spec, const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace helip::eval
