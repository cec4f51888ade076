#include "experiment/summary_text.h"

#include <string_view>
#include <vector>

#include "common/text.h"
#include "report/text_table.h"

namespace helip::experiment {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// A fraction in percent points with its sign.
std::string signed_points(double fraction) {
  const std::string text = decimal(100 * fraction, 1);
  if (text == "-0.0" || text == "0.0") return "0.0";
  return text[0] == '-' ? cat("−", text.substr(1)) : cat("+", text);
}

std::string row_name(const report::MetricKey& key) {
  return cat(key.dataset, key.task == "linear_probe" ? " probe" : "", " · ",
             report::metric_name(key.metric));
}

std::string means(const Summary& summary) {
  Rows rows = {{"metric"}};
  for (const ArmSummary& arm : summary.arms) rows[0].push_back(arm.name);
  for (const MetricSummary& metric : summary.metrics) {
    std::vector<std::string> row = {row_name(metric.key)};
    for (const report::Spread& spread : metric.arms) row.push_back(report::percent_text(spread));
    rows.push_back(std::move(row));
  }
  return report::text_table(rows);
}

std::string wins_text(const std::optional<PairedDifference>& difference) {
  return difference ? cat(difference->wins, "/", difference->count) : std::string();
}

// The subject's differences in every metric, the main ones first.
std::string differences(const Summary& summary) {
  const std::string& subject = summary.arms[summary.subject].name;
  const std::string& control = summary.arms[summary.control].name;
  Rows rows = {
      {"", cat(subject, " − ", kUntouched), "wins", "", cat(subject, " − ", control), "wins", ""}};
  for (const MetricSummary& metric : summary.metrics) {
    std::vector<std::string> row = {row_name(metric.key)};
    for (const auto& difference :
         {metric.from_untouched[summary.subject], metric.from_control[summary.subject]}) {
      row.push_back(difference_text(difference));
      row.push_back(wins_text(difference));
      row.push_back(effect_text(difference));
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
    rows.push_back({row_name(metric.key)});
    for (std::size_t arm = 1; arm < summary.arms.size(); ++arm) {
      rows.push_back(
          {cat("  ", summary.arms[arm].name), difference_text(metric.from_untouched[arm]),
           difference_text(metric.from_control[arm]), difference_text(metric.of_subject[arm])});
    }
  }
  return report::text_table(rows);
}

std::string budgets(const Summary& summary) {
  Rows rows = {{"arm", "pairs", "steps", "batch", "views", "tries", "settings chosen"}};
  for (const ArmSummary& arm : summary.arms) {
    if (!arm.budget) continue;
    rows.push_back({arm.name, cat(arm.budget->pairs), cat(arm.budget->steps),
                    cat(arm.budget->batch), cat(arm.budget->views), cat(arm.tries.size()),
                    settings_text(arm.chosen)});
  }
  return report::text_table(rows);
}

}  // namespace

std::string difference_text(const std::optional<PairedDifference>& difference) {
  if (!difference) return "–";
  const std::string mean = signed_points(difference->mean);
  if (!difference->t_interval) return mean;
  return cat(mean, " [", signed_points(difference->t_interval->low), ", ",
             signed_points(difference->t_interval->high), "]");
}

std::string effect_text(const std::optional<PairedDifference>& difference) {
  if (!difference) return "";
  switch (effect_of(*difference)) {
    case Effect::kHigher:
      return "higher";
    case Effect::kLower:
      return "lower";
    case Effect::kNone:
      return "no effect shown";
    case Effect::kUnknown:
      break;
  }
  return "one seed";
}

std::string settings_text(const config::Settings& settings) {
  std::string out;
  for (const std::string& setting : settings) out += (out.empty() ? "" : " ") + setting;
  return out;
}

std::string to_text(const Summary& summary) {
  std::string out = cat("Percent, held-out data. Mean ± sample standard deviation over ",
                        summary.seeds, summary.seeds == 1 ? " seed" : " seeds", " and ",
                        summary.splits, summary.splits == 1 ? " split" : " splits", ".\n\n");
  out += means(summary);
  out += "\nDifferences are paired by seed, in percent points, with 95 % t intervals.\n\n";
  out += cat(differences(summary), "\n", rivals(summary), "\n", budgets(summary));
  for (const std::string& fault : summary.faults) out += cat("no control: ", fault, "\n");
  return out;
}

}  // namespace helip::experiment
