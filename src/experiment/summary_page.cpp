#include "experiment/summary_page.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "common/publish.h"
#include "common/text.h"
#include "config/eval_metrics.h"
#include "experiment/summary_text.h"
#include "report/html.h"
#include "report/interval_charts.h"

namespace helip::experiment {
namespace {

using report::escape_html;

report::ForestRow forest_row(const std::string& name, const std::string& metric,
                             const PairedDifference& difference) {
  const double unit = config::shown_scale(metric);
  report::ForestRow row{name, unit * difference.mean, {}, {}, difference_text(metric, difference)};
  if (difference.t_interval) {
    row.low = unit * difference.t_interval->low;
    row.high = unit * difference.t_interval->high;
  }
  return row;
}

// Every arm against one of them, in one metric; nothing if no difference is known.
std::string forest(const Summary& summary, const MetricSummary& metric, const std::string& other,
                   const std::vector<std::optional<PairedDifference>>& differences) {
  const std::string& name = metric.key.metric;
  std::vector<report::ForestRow> rows;
  for (std::size_t arm = 0; arm < summary.arms.size(); ++arm) {
    if (differences[arm])
      rows.push_back(forest_row(summary.arms[arm].name, name, *differences[arm]));
  }
  if (rows.empty()) return {};
  // With one seed there is none.
  const bool has_interval =
      std::any_of(rows.begin(), rows.end(), [](const report::ForestRow& row) { return row.low; });
  const std::string axis = cat(config::is_rank(name) ? "ranks" : "percent points",
                               has_interval ? ", 95 % interval" : "");
  return cat("<figure><h3>", escape_html(heading_of(metric.key)), ", minus ", escape_html(other),
             "</h3>", report::forest_plot(rows, axis), "</figure>\n");
}

std::string forests(const Summary& summary) {
  std::string out = "<h2>Differences in the main metrics</h2><div class=\"charts pairs\">";
  for (const MetricSummary& metric : summary.metrics) {
    if (!metric.main) continue;
    out += forest(summary, metric, kUntouched, metric.from_untouched);
    out += forest(summary, metric, summary.arms[summary.control].name, metric.from_control);
  }
  return out + "</div>\n";
}

// Two cells: the difference, and what it shows in how many seeds.
std::string difference_cells(const std::string& metric,
                             const std::optional<PairedDifference>& difference) {
  const std::string effect = effect_text(metric, difference);
  const char* kind = effect == "better" ? "up" : effect == "worse" ? "down" : "";
  return cat(
      "<td class=\"", kind, "\">", difference_text(metric, difference), "</td><td>", effect,
      difference ? cat(", ", wins_of(metric, *difference), "/", difference->count) : std::string(),
      "</td>");
}

std::string table_of_differences(const Summary& summary) {
  const std::string subject = escape_html(summary.arms[summary.subject].name);
  std::string out =
      cat("<h2>What ", subject, " changes</h2><p class=\"soft\">With the number of seeds in which ",
          subject, " is better.</p><div class=\"scroll\"><table><thead><tr><th>metric</th><th>− ",
          kUntouched, "</th><th></th><th>− ", escape_html(summary.arms[summary.control].name),
          "</th><th></th></tr></thead><tbody>");
  for (const MetricSummary& metric : summary.metrics) {
    out += cat("<tr><td", metric.main ? " class=\"key\"" : "", ">",
               escape_html(heading_of(metric.key)), "</td>",
               difference_cells(metric.key.metric, metric.from_untouched[summary.subject]),
               difference_cells(metric.key.metric, metric.from_control[summary.subject]), "</tr>");
  }
  return out + "</tbody></table></div>\n";
}

std::string table_of_means(const Summary& summary) {
  std::string out = "<h2>All figures</h2><div class=\"scroll\"><table><thead><tr><th>metric</th>";
  for (const ArmSummary& arm : summary.arms) out += cat("<th>", escape_html(arm.name), "</th>");
  out += "</tr></thead><tbody>";
  for (const MetricSummary& metric : summary.metrics) {
    out += cat("<tr><td", metric.main ? " class=\"key\"" : "", ">",
               escape_html(heading_of(metric.key)), "</td>");
    for (const report::Spread& arm : metric.arms)
      out += cat("<td>", report::value_text(metric.key.metric, arm), "</td>");
    out += "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

std::string curve_figure(const std::string& name, const std::vector<report::BandSeries>& series,
                         const std::string& caption) {
  return cat("<figure><h3>", escape_html(name), "</h3>",
             report::band_chart(series, "pairs forwarded"), "<figcaption>", caption,
             "</figcaption></figure>");
}

std::string learning_curves(const Summary& summary) {
  std::vector<report::BandSeries> losses;
  std::map<report::MetricKey, std::vector<report::BandSeries>> scores;
  for (const ArmSummary& arm : summary.arms) {
    if (!arm.loss.points.empty()) losses.push_back(arm.loss);
    for (const auto& [key, series] : arm.scores) {
      if (config::is_headline(key.metric)) scores[key].push_back(series);
    }
  }
  if (losses.empty() && scores.empty()) return {};
  std::string out =
      "<h2>Learning curves</h2><p class=\"soft\">Mean ± standard deviation over "
      "seeds.</p><div class=\"charts pairs\">";
  for (const auto& [key, series] : scores) {
    out += curve_figure(heading_of(key), series, "Percent, while training.");
  }
  if (!losses.empty()) {
    out += curve_figure("Contrastive loss", losses,
                        "Batches with hard pairs are harder than plain ones.");
  }
  return out + "</div>\n";
}

std::string budgets(const Summary& summary) {
  std::string out =
      "<h2>Budgets and settings</h2><div class=\"scroll\"><table><thead><tr><th>arm</th>"
      "<th>pairs</th><th>steps</th><th>batch</th><th>views</th><th>tries, score in percent; bold: "
      "the chosen one</th></tr></thead><tbody>";
  for (const ArmSummary& arm : summary.arms) {
    if (arm.budgets.empty()) continue;
    const Budget& budget = arm.budgets.begin()->second;
    std::string tries;
    for (const TryScore& one : arm.tries) {
      const std::string text =
          cat(escape_html(settings_text(one.settings)), " ", decimal(100 * one.score, 1));
      tries += tries.empty() ? "" : "<br>";
      tries += one.settings == arm.chosen ? cat("<strong>", text, "</strong>") : text;
    }
    out +=
        cat("<tr><td>", escape_html(arm.name), "</td><td>", budget.pairs, "</td><td>", budget.steps,
            "</td><td>", budget.batch, "</td><td>", budget.views, "</td><td>", tries, "</td></tr>");
  }
  out += "</tbody></table></div>\n";
  for (const std::string& line : edge_lines(summary))
    out += cat("<p>", escape_html(line), "</p>\n");
  return out;
}

}  // namespace

void write_page(const std::filesystem::path& file, const Summary& summary) {
  const std::string subject = escape_html(summary.arms[summary.subject].name);
  std::string body =
      cat("<h1>", subject, ": an experiment</h1><p class=\"soft\">", summary.seeds,
          summary.seeds == 1 ? " seed" : " seeds", " and ", summary.splits,
          summary.splits == 1 ? " split" : " splits",
          ". Held-out data, percent but for ranks; mean ± sample standard deviation. Differences "
          "are paired by seed, with 95 % t intervals; where one includes zero, no "
          "effect is shown. Test sets of several splits are drawn from one pool, and the intervals "
          "hold "
          "for it. Bootstrap intervals are in experiment.json.</p>\n");
  if (const std::vector<std::string> faults = fault_lines(summary); !faults.empty()) {
    body +=
        "<div class=\"notice\"><strong>Some differences do not show what hard pairs "
        "do</strong><ul>";
    for (const std::string& fault : faults) body += cat("<li>", escape_html(fault), "</li>");
    body += "</ul></div>\n";
  }
  body += forests(summary) + table_of_differences(summary) + table_of_means(summary) +
          learning_curves(summary) + budgets(summary);
  publish_file(file, report::page(cat("Experiment: ", summary.arms[summary.subject].name), body));
}

}  // namespace helip::experiment
