// The stage eval: one task for each model and data set, then a merge into results.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "common/text.h"
#include "jobs/task.h"

namespace helip::jobs {

// Scores one model on one data set, by all tasks of the data set.
struct EvalDatasetTask {
  // The seed of the training that made the model; none: initial weights.
  std::optional<std::uint64_t> seed = {};
  std::uint64_t dataset = 0;  // index into eval.datasets

  static constexpr Stage kStage = Stage::kEval;
  static constexpr std::string_view kKind = kWhole;
  static constexpr auto fields() {
    return std::tuple{field("seed", &EvalDatasetTask::seed),
                      field("dataset", &EvalDatasetTask::dataset)};
  }
};

// Returns "init" or "seed-<n>": how results name the weights.
inline std::string weights_label(const std::optional<std::uint64_t>& seed) {
  return seed ? cat("seed-", *seed) : std::string("init");
}

// How often the samples of one class were classified rightly.
struct EvalClass {
  std::string name = {};
  std::uint64_t samples = 0, right = 0;

  bool operator==(const EvalClass&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("name", &EvalClass::name), field("samples", &EvalClass::samples),
                      field("right", &EvalClass::right)};
  }
};

// One entry of results.json, and of class_recalls.json if it has classes.
struct EvalScores {
  std::string dataset = {}, model = {}, pretrained = {}, task = {};
  std::map<std::string, double> metrics = {};
  std::vector<EvalClass> classes = {};

  bool operator==(const EvalScores&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        field("dataset", &EvalScores::dataset),       field("model", &EvalScores::model),
        field("pretrained", &EvalScores::pretrained), field("task", &EvalScores::task),
        field("metrics", &EvalScores::metrics),       field("classes", &EvalScores::classes)};
  }
};

struct EvalDatasetResult {
  std::vector<EvalScores> scores = {};  // one for each task of the data set

  bool operator==(const EvalDatasetResult&) const = default;
  static constexpr auto fields() { return std::tuple{field("scores", &EvalDatasetResult::scores)}; }
};

struct MergeEvalTask {
  static constexpr Stage kStage = Stage::kEval;
  static constexpr std::string_view kKind = kMerge;
  static constexpr auto fields() { return std::tuple{}; }
};

struct MergeEvalResult {
  std::uint64_t entries = 0;  // of results.json

  bool operator==(const MergeEvalResult&) const = default;
  static constexpr auto fields() { return std::tuple{field("entries", &MergeEvalResult::entries)}; }
};

}  // namespace helip::jobs
