#include "experiment/summary_text.h"

#include <string_view>
#include <vector>

#include "common/text.h"
#include "config/eval_metrics.h"
#include "report/text_table.h"

namespace helip::experiment {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// A fraction in percent points, or a rank, with its sign.
std::string signed_value(const std::string& metric, double value) {
  const std::string text = decimal(config::shown_scale(metric) * value, 2);
  if (text == "-0.00" || text == "0.00") return "0.00";
  return text[0] == '-' ? cat("−", text.substr(1)) : cat("+", text);
}

// The page and the JSON have all metrics.
bool is_shown(const MetricSummary& metric) {
  return metric.main || config::is_headline(metric.key.metric);
}

std::string means(const Summary& summary) {
  Rows rows = {{"metric"}};
  for (const ArmSummary& arm : summary.arms) rows[0].push_back(arm.name);
  for (const MetricSummary& metric : summary.metrics) {
    if (!is_shown(metric)) continue;
    std::vector<std::string> row = {heading_of(metric.key)};
    for (const report::Spread& spread : metric.arms)
      row.push_back(report::value_text(metric.key.metric, spread));
    rows.push_back(std::move(row));
  }
  return report::text_table(rows);
}

std::string wins_text(const std::string& metric,
                      const std::optional<PairedDifference>& difference) {
  return difference ? cat(wins_of(metric, *difference), "/", difference->count) : std::string();
}

// The subject's differences in every metric, the main ones first.
std::string differences(const Summary& summary) {
  const std::string& subject = summary.arms[summary.subject].name;
  const std::string& control = summary.arms[summary.control].name;
  Rows rows = {
      {"", cat(subject, " − ", kUntouched), "wins", "", cat(subject, " − ", control), "wins", ""}};
  for (const MetricSummary& metric : summary.metrics) {
    if (!is_shown(metric)) continue;
    std::vector<std::string> row = {heading_of(metric.key)};
    for (const auto& difference :
         {metric.from_untouched[summary.subject], metric.from_control[summary.subject]}) {
      row.push_back(difference_text(metric.key.metric, difference));
      row.push_back(wins_text(metric.key.metric, difference));
      row.push_back(effect_text(metric.key.metric, difference));
    }
    rows.push_back(std::move(row));
  }
  return report::text_table(rows);
}

// All arms in the main metrics.
std::string rivals(const Summary& summary) {
  const std::string& subject = summary.arms[summary.subject].name;
  const std::string& control = summary.arms[summary.control].name;
  Rows rows = {{"main metrics", cat("− ", kUntouched), cat("− ", control), cat(subject, " − arm")}};
  for (const MetricSummary& metric : summary.metrics) {
    if (!metric.main) continue;
    rows.push_back({heading_of(metric.key)});
    for (std::size_t arm = 1; arm < summary.arms.size(); ++arm) {
      rows.push_back({cat("  ", summary.arms[arm].name),
                      difference_text(metric.key.metric, metric.from_untouched[arm]),
                      difference_text(metric.key.metric, metric.from_control[arm]),
                      difference_text(metric.key.metric, metric.of_subject[arm])});
    }
  }
  return report::text_table(rows);
}

std::string budgets(const Summary& summary) {
  Rows rows = {{"arm", "pairs", "steps", "batch", "views", "tries", "settings chosen"}};
  for (const ArmSummary& arm : summary.arms) {
    if (arm.budgets.empty()) continue;
    const Budget& budget = arm.budgets.begin()->second;
    rows.push_back({arm.name, cat(budget.pairs), cat(budget.steps), cat(budget.batch),
                    cat(budget.views), cat(arm.tries.size()), settings_text(arm.chosen)});
  }
  return report::text_table(rows);
}

}  // namespace

std::string heading_of(const report::MetricKey& key) {
  return cat(key.dataset, key.task == "linear_probe" ? " linear probe: " : ": ",
             config::metric_label(key.metric));
}

std::string difference_text(const std::string& metric,
                            const std::optional<PairedDifference>& difference) {
  if (!difference) return "–";
  const std::string mean = signed_value(metric, difference->mean);
  if (!difference->t_interval) return mean;
  return cat(mean, " [", signed_value(metric, difference->t_interval->low), ", ",
             signed_value(metric, difference->t_interval->high), "]");
}

std::string effect_text(const std::string& metric,
                        const std::optional<PairedDifference>& difference) {
  if (!difference) return "";
  const Effect effect = effect_of(*difference);
  if (effect == Effect::kUnknown) return "one seed";
  if (effect == Effect::kNone) return "no effect shown";
  return (effect == Effect::kLower) == config::is_rank(metric) ? "better" : "worse";
}

std::size_t wins_of(const std::string& metric, const PairedDifference& difference) {
  return config::is_rank(metric) ? difference.lower : difference.higher;
}

std::string settings_text(const config::Settings& settings) {
  std::string out;
  for (const std::string& setting : settings) out += (out.empty() ? "" : " ") + setting;
  return out;
}

std::vector<std::string> fault_lines(const Summary& summary) {
  std::vector<std::string> out;
  for (const std::string& fault : summary.faults) out.push_back(cat("no control: ", fault));
  for (const ArmSummary& arm : summary.arms) {
    for (const std::string& fault : arm.budget_faults) out.push_back(cat("unequal: ", fault));
  }
  return out;
}

std::vector<std::string> edge_lines(const Summary& summary) {
  std::vector<std::string> out;
  for (const ArmSummary& arm : summary.arms) {
    for (const GridEdge& edge : edges_of(arm)) {
      out.push_back(cat(arm.name, ": the best ", edge.key, ", ", edge.value, ", is the ",
                        edge.highest ? "highest" : "lowest", " tried"));
    }
  }
  return out;
}

std::string to_text(const Summary& summary) {
  std::string out;
  for (const std::string& line : fault_lines(summary)) out += line + "\n";
  out += cat("Held-out data, percent but for ranks. Mean ± sample standard deviation over ",
             summary.seeds, summary.seeds == 1 ? " seed" : " seeds", " and ", summary.splits,
             summary.splits == 1 ? " split" : " splits", ".\n\n");
  out += means(summary);
  out +=
      "\nDifferences are paired by seed, with 95 % t intervals; wins: seeds in which the first is "
      "better.\n\n";
  out += cat(differences(summary), "\n", rivals(summary), "\n", budgets(summary));
  for (const std::string& line : edge_lines(summary)) out += line + "\n";
  return out;
}

}  // namespace helip::experiment
