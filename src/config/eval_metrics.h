// The table of the metrics that evaluation gives: their names, their tasks, and which are better
// the higher. What a linear probe tells of its settings is no metric.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/choices.h"

namespace helip::config {

// A row of the table. Texts with "@K" stand for one metric for each K of eval.recall_k.
struct EvalMetricKind {
  std::string_view name;    // clip_benchmark's: "acc1", "image_retrieval_recall@K"
  EvalTask task;            // that gives it
  std::string_view label;   // for people: "accuracy", "text → image R@K"
  std::string_view column;  // short: "acc1", "t2i R@K"
  // True for ranks, which count from 1, the lower the better. Others are fractions, which people
  // read in percent, the higher the better.
  bool is_rank = false;
  // True for the one that stands for its task where there is room for one; of recalls with K = 1.
  bool is_headline = false;
};

// One metric.
struct EvalMetric {
  const EvalMetricKind* kind = nullptr;  // of the table, never null
  std::uint32_t k = 0;                   // 0: none

  // Returns the place of its kind in the table, from 0: accuracies, recalls, ranks.
  [[nodiscard]] std::size_t place() const;
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string label() const;
  [[nodiscard]] std::string column() const;
};

// Returns the metric of a name; nothing if it is none.
std::optional<EvalMetric> find_eval_metric(std::string_view name);
// Returns the metrics that a task gives, kind by kind in the order of the table.
std::vector<EvalMetric> metrics_of(EvalTask task, const std::vector<std::uint32_t>& recall_k);

// Return what the table says of a metric; of other names false.
bool is_rank(std::string_view name);
bool is_headline(std::string_view name);
// Returns the metric's label; the name itself if it is no metric.
std::string metric_label(const std::string& name);
// Returns by what a value is multiplied for people to read: 100 of fractions, 1 of ranks.
double shown_scale(std::string_view name);

// Returns clip_benchmark's name of a task: "zeroshot_classification".
std::string_view clip_benchmark_name(EvalTask task);

}  // namespace helip::config
