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
  // Keeps the embeddings of models without frozen towers in feature_cache as well.
  bool cache_embeddings = false;
  std::string device = "cpu";
};

// How often the samples of one class were classified rightly.
struct ClassRecall {
  std::string name;           // a line of classnames.txt, or the class's folder
  std::uint64_t samples = 0;  // that have this label
  std::uint64_t right = 0;    // of them, those with a right label ranked first

  bool operator==(const ClassRecall&) const = default;
};

// One entry in clip_benchmark's form, and what does not belong into it.
struct EvalResult {
  std::string dataset, model, pretrained;
  std::string task;  // zeroshot_classification | zeroshot_retrieval | linear_probe
  // acc1, acc5, mean_per_class_recall, image_retrieval_recall@K, lp_acc1, … (docs/formats.md)
  std::map<std::string, double> metrics;
  std::string language = "en";
  // In the order of the classes, those without samples too. Empty for retrieval.
  std::vector<ClassRecall> classes = {};
};

// Runs the tasks of spec.dataset and returns a result for each, in their order. Calls
// progress(done, total), which may be empty, after each set of images or texts; both count images
// and texts. Throws ConfigError if there is no task or the linear probe would be scored on the
// split `train`, DataError if the data set lacks what a task needs, and what open_dataset_embedder
// throws.
std::vector<EvalResult> run_eval_job(
    const EvalSpec& spec, const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace helip::eval
