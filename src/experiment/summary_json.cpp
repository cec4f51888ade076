#include <string>

#include "common/text.h"
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

// By pairs forwarded.
OrderedJson curve_json(const report::BandSeries& series) {
  OrderedJson out = OrderedJson::array();
  for (const report::BandPoint& point : series.points) {
    out.push_back(
        {{"pairs", point.x}, {"mean", point.mean}, {"low", point.low}, {"high", point.high}});
  }
  return out;
}

OrderedJson arm_json(const ArmSummary& arm) {
  OrderedJson out = {{"name", arm.name},
                     {"settings", arm.settings},
                     {"chosen", arm.chosen},
                     {"tries", OrderedJson::array()},
                     {"grid_edges", OrderedJson::array()},
                     {"budgets", OrderedJson::object()},
                     {"budget_faults", arm.budget_faults}};
  for (const TryScore& one : arm.tries) {
    out["tries"].push_back({{"settings", one.settings}, {"score", one.score}});
  }
  for (const GridEdge& edge : edges_of(arm)) {
    out["grid_edges"].push_back(
        {{"key", edge.key}, {"value", edge.value}, {"edge", edge.highest ? "highest" : "lowest"}});
  }
  for (const auto& [seed, budget] : arm.budgets) {
    out["budgets"][std::to_string(seed)] = {{"pairs", budget.pairs},
                                            {"steps", budget.steps},
                                            {"batch", budget.batch},
                                            {"views", budget.views},
                                            {"usable_pairs", budget.usable_pairs},
                                            {"initial_digest", budget.initial_digest}};
  }
  if (!arm.loss.points.empty()) out["contrastive_loss"] = curve_json(arm.loss);
  for (const auto& [key, series] : arm.scores) {
    out["scores"][cat(key.dataset, "/", key.metric)] = curve_json(series);
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
