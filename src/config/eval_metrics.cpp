#include "config/eval_metrics.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/text.h"

namespace helip::config {
namespace {

constexpr std::string_view kPlaceholder = "@K";

// In the order of tables. clip_benchmark's text retrieval finds the text of an image.
constexpr std::array<EvalMetricKind, 13> kKinds = {{
    {"acc1", EvalTask::kZeroShot, "accuracy", "acc1", false, true},
    {"acc5", EvalTask::kZeroShot, "accuracy, top 5", "acc5"},
    {"mean_per_class_recall", EvalTask::kZeroShot, "mean recall per class",
     "mean_per_class_recall"},
    {"lp_acc1", EvalTask::kLinearProbe, "accuracy", "lp_acc1", false, true},
    {"lp_acc5", EvalTask::kLinearProbe, "accuracy, top 5", "lp_acc5"},
    {"lp_mean_per_class_recall", EvalTask::kLinearProbe, "mean recall per class",
     "lp_mean_per_class_recall"},
    {"mean_recall@K", EvalTask::kRetrieval, "R@K, mean of both directions", "R@K", false, true},
    {"text_retrieval_recall@K", EvalTask::kRetrieval, "image → text R@K", "i2t R@K"},
    {"image_retrieval_recall@K", EvalTask::kRetrieval, "text → image R@K", "t2i R@K"},
    {"text_retrieval_mean_rank", EvalTask::kRetrieval, "image → text mean rank", "i2t mean rank",
     true},
    {"text_retrieval_median_rank", EvalTask::kRetrieval, "image → text median rank",
     "i2t median rank", true},
    {"image_retrieval_mean_rank", EvalTask::kRetrieval, "text → image mean rank", "t2i mean rank",
     true},
    {"image_retrieval_median_rank", EvalTask::kRetrieval, "text → image median rank",
     "t2i median rank", true},
}};

bool has_k(const EvalMetricKind& kind) { return kind.name.ends_with(kPlaceholder); }

std::string with_k(std::string_view text, std::uint32_t k) {
  const std::size_t at = text.find(kPlaceholder);
  if (at == std::string_view::npos) return std::string(text);
  return cat(text.substr(0, at), "@", k, text.substr(at + kPlaceholder.size()));
}

// The K after the "@"; 0 if that is no whole number above 0 as it is written.
std::uint32_t k_of(std::string_view digits) {
  std::uint32_t k = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), k);
  const bool whole = problem == std::errc() && end == digits.data() + digits.size();
  return whole && cat(k) == digits ? k : 0;
}

}  // namespace

std::size_t EvalMetric::place() const { return static_cast<std::size_t>(kind - kKinds.data()); }
std::string EvalMetric::name() const { return with_k(kind->name, k); }
std::string EvalMetric::label() const { return with_k(kind->label, k); }
std::string EvalMetric::column() const { return with_k(kind->column, k); }

std::optional<EvalMetric> find_eval_metric(std::string_view name) {
  for (const EvalMetricKind& kind : kKinds) {
    if (kind.name == name && !has_k(kind)) return EvalMetric{&kind};
    const std::string_view before_k = kind.name.substr(0, kind.name.size() - 1);
    if (!has_k(kind) || !name.starts_with(before_k)) continue;
    const std::uint32_t k = k_of(name.substr(before_k.size()));
    if (k > 0) return EvalMetric{&kind, k};
  }
  return std::nullopt;
}

std::vector<EvalMetric> metrics_of(EvalTask task, const std::vector<std::uint32_t>& recall_k) {
  std::vector<EvalMetric> metrics;
  for (const EvalMetricKind& kind : kKinds) {
    if (kind.task != task) continue;
    if (!has_k(kind)) {
      metrics.push_back({&kind});
      continue;
    }
    for (const std::uint32_t k : recall_k) metrics.push_back({&kind, k});
  }
  return metrics;
}

bool is_rank(std::string_view name) {
  const std::optional<EvalMetric> metric = find_eval_metric(name);
  return metric && metric->kind->is_rank;
}

bool is_headline(std::string_view name) {
  const std::optional<EvalMetric> metric = find_eval_metric(name);
  return metric && metric->kind->is_headline && metric->k <= 1;
}

std::string metric_label(const std::string& name) {
  const std::optional<EvalMetric> metric = find_eval_metric(name);
  return metric ? metric->label() : name;
}

double shown_scale(std::string_view name) { return is_rank(name) ? 1 : 100; }

std::string_view clip_benchmark_name(EvalTask task) {
  switch (task) {
    case EvalTask::kZeroShot:
      return "zeroshot_classification";
    case EvalTask::kRetrieval:
      return "zeroshot_retrieval";
    case EvalTask::kLinearProbe:
      return "linear_probe";
  }
  return {};
}

}  // namespace helip::config
