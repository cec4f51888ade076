#include <string>

#include "experiment/summary_text.h"

namespace helip::experiment {
namespace {

constexpr int kSchemaVersion = 1;

OrderedJson interval_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return OrderedJson::array({interval->low, interval->high});
}

OrderedJson difference_json(const std::string& metric,
                            const std::optional<PairedDifference>& difference) {
  if (!difference) return nullptr;
  return {{"mean", difference->mean},
          {"std", difference->deviation},
          {"seeds", difference->count},
          {"wins", wins_of(metric, *difference)},
          {"t_interval_95", interval_json(difference->t_interval)},
          {"bootstrap_interval_95", interval_json(difference->bootstrap_interval)},
          {"effect", effect_text(metric, difference)}};
}

OrderedJson arm_json(const ArmSummary& arm) {
  OrderedJson out = {{"name", arm.name}, {"chosen", arm.chosen}, {"tries", OrderedJson::array()}};
  for (const TryScore& one : arm.tries) {
    out["tries"].push_back({{"settings", one.settings}, {"score", one.score}});
  }
  if (arm.budget) {
    out["budget"] = {{"pairs", arm.budget->pairs},
                     {"steps", arm.budget->steps},
                     {"batch", arm.budget->batch},
                     {"views", arm.budget->views}};
  }
  return out;
}

OrderedJson metric_json(const MetricSummary& metric, const Summary& summary) {
  OrderedJson out = {{"dataset", metric.key.dataset},
                     {"task", metric.key.task},
                     {"metric", metric.key.metric},
                     {"main", metric.main},
                     {"arms", OrderedJson::array()}};
  for (std::size_t i = 0; i < summary.arms.size(); ++i) {
    const ArmSummary& arm = summary.arms[i];
    OrderedJson by_seed = OrderedJson::object();
    if (const auto found = arm.values.find(metric.key); found != arm.values.end()) {
      for (const auto& [seed, value] : found->second) by_seed[std::to_string(seed)] = value;
    }
    out["arms"].push_back(
        {{"name", arm.name},
         {"mean", metric.arms[i].mean},
         {"std", metric.arms[i].deviation},
         {"by_seed", by_seed},
         {"minus_untouched", difference_json(metric.key.metric, metric.from_untouched[i])},
         {"minus_control", difference_json(metric.key.metric, metric.from_control[i])},
         {"subject_minus_this", difference_json(metric.key.metric, metric.of_subject[i])}});
  }
  return out;
}

}  // namespace

OrderedJson to_json(const Summary& summary) {
  OrderedJson out = {{"schema_version", kSchemaVersion},
                     {"seeds", summary.seeds},
                     {"splits", summary.splits},
                     {"subject", summary.arms[summary.subject].name},
                     {"control", summary.arms[summary.control].name},
                     {"control_faults", summary.faults},
                     {"arms", OrderedJson::array()},
                     {"metrics", OrderedJson::array()}};
  for (const ArmSummary& arm : summary.arms) out["arms"].push_back(arm_json(arm));
  for (const MetricSummary& metric : summary.metrics) {
    out["metrics"].push_back(metric_json(metric, summary));
  }
  return out;
}

}  // namespace helip::experiment
