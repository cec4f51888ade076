#include "report/comparison.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/eval_metrics.h"
#include "report/control.h"
#include "report/html.h"
#include "report/job_record.h"
#include "report/text_table.h"

namespace helip::report {
namespace {

namespace fs = std::filesystem;

std::string kind_of(const JobRecord& job) {
  const config::TrainConfig& train = job.config.train;
  const std::string pairs = train.hard_pairs == config::HardPairs::kMined
                                ? cat(train.hard_pairs_per_seed, " mined hard pairs per seed")
                            : train.hard_pairs == config::HardPairs::kRandom
                                ? cat(train.hard_pairs_per_seed, " random partners per seed")
                                : std::string("no hard pairs");
  return cat(pairs, ", from ",
             job.config.model.init == "random" ? "random weights" : "a checkpoint");
}

void find_control(const std::vector<JobRecord>& jobs, Comparison& comparison) {
  comparison.reference = jobs.size() - 2;
  for (std::size_t arm = 0; arm + 1 < jobs.size() && !comparison.has_control; ++arm) {
    const std::vector<std::string> faults = control_faults(jobs.back(), jobs[arm]);
    if (faults.empty()) {
      comparison.reference = arm;
      comparison.has_control = true;
      comparison.faults.clear();
    } else {
      comparison.faults.insert(comparison.faults.end(), faults.begin(), faults.end());
    }
  }
}

std::size_t seeds_of(const JobRecord& job) {
  std::size_t seeds = 0;
  for (const auto& [key, values] : job.metrics.tuned) seeds = std::max(seeds, values.size());
  return seeds;
}

// Figures are comparable only if every job that has them measured them in the same way.
void expect_same_measures(const std::vector<JobRecord>& jobs) {
  const auto expect = [&](config::EvalTask task, const std::string& key, const auto& value_of) {
    const JobRecord* first = nullptr;
    for (const JobRecord& job : jobs) {
      if (!scores(job, task)) continue;
      if (first == nullptr) first = &job;
      const std::string value = cat(value_of(job.config.eval));
      const std::string expected = cat(value_of(first->config.eval));
      if (value == expected) continue;
      throw ConfigError({.what = "the jobs measured their results differently",
                         .where = "eval." + key,
                         .expected = cat(expected, ", as ", first->name, " did"),
                         .found = cat(value, " in ", job.name)});
    }
  };
  using config::EvalConfig;
  using config::EvalTask;
  expect(EvalTask::kRetrieval, "equal_captions",
         [](const EvalConfig& eval) { return eval.equal_captions; });
  expect(EvalTask::kLinearProbe, "probe", [](const EvalConfig& eval) { return eval.probe; });
  expect(EvalTask::kLinearProbe, "probe_l2", [](const EvalConfig& eval) { return eval.probe_l2; });
  expect(EvalTask::kLinearProbe, "fewshot_k",
         [](const EvalConfig& eval) { return eval.fewshot_k; });
  expect(EvalTask::kLinearProbe, "probe_seed",
         [](const EvalConfig& eval) { return eval.probe_seed; });
}

// Figures of one data set are comparable only if every job scored the same split of it.
void expect_same_splits(const std::vector<JobRecord>& jobs) {
  std::map<std::string, std::pair<std::string, std::string>> seen;  // data set → split, job
  for (const JobRecord& job : jobs) {
    for (const config::EvalDataset& dataset : job.config.eval.datasets) {
      const auto& [split, other] =
          seen.try_emplace(dataset.name, dataset.split, job.name).first->second;
      if (split == dataset.split) continue;
      throw ConfigError({.what = "the jobs scored different splits of a data set",
                         .where = dataset.name,
                         .expected = cat(split, ", as ", other, " did"),
                         .found = cat(dataset.split, " in ", job.name)});
    }
  }
}

const BySeed& tuned_values(const JobRecord& job, const MetricKey& key) {
  static const BySeed none;
  const auto found = job.metrics.tuned.find(key);
  return found == job.metrics.tuned.end() ? none : found->second;
}

std::string difference_text(const std::string& metric, const Difference& difference) {
  return difference.spread.count == 0 ? "" : change_text(metric, difference.spread);
}

std::string group_of(const MetricKey& key) { return cat(key.dataset, " · ", key.task); }

// The last arm is what the comparison is about; its differences are the ones that a person looks
// for.
std::string explanation(const Comparison& comparison) {
  bool paired = true;
  for (const ComparedMetric& row : comparison.rows)
    paired = paired && row.differences.back().paired;
  return cat(
      "Percent, and ranks from 1 on (lower is better); held-out data. Mean ± sample standard "
      "deviation over training seeds (",
      [&] {
        std::string text;
        for (std::size_t arm = 0; arm < comparison.names.size(); ++arm) {
          text += cat(arm == 0 ? "" : ", ", comparison.names[arm], " ", comparison.seeds[arm]);
        }
        return text;
      }(),
      "). Difference: ", comparison.names.back(), " − ", comparison.names[comparison.reference],
      paired ? ", paired by seed." : ", of the means (the seeds do not match).");
}

std::string table_html(const Comparison& comparison) {
  std::string out = "<div class=\"scroll\"><table><thead><tr><th>metric</th>";
  for (const std::string& name : comparison.names) out += cat("<th>", escape_html(name), "</th>");
  out += "<th>difference</th></tr></thead><tbody>";
  std::string group;
  for (const ComparedMetric& row : comparison.rows) {
    if (group_of(row.key) != group) {
      group = group_of(row.key);
      out += cat("<tr class=\"group\"><th colspan=\"", comparison.names.size() + 2, "\">",
                 escape_html(group), "</th></tr>");
    }
    out += cat("<tr><td", config::is_headline(row.key.metric) ? " class=\"key\"" : "", ">",
               escape_html(config::metric_label(row.key.metric)), "</td>");
    for (const Spread& arm : row.arms) {
      out += cat("<td>", value_text(row.key.metric, arm), "</td>");
    }
    const Difference& difference = row.differences.back();
    out += cat("<td class=\"", direction_of(row.key.metric, difference.spread), "\">",
               difference_text(row.key.metric, difference), "</td></tr>");
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace

Comparison compare_jobs(const fs::path& subject, const std::vector<fs::path>& others) {
  std::vector<JobRecord> jobs;
  jobs.reserve(others.size() + 1);
  for (const fs::path& other : others) jobs.push_back(read_job(other));
  jobs.push_back(read_job(subject));
  Comparison out;
  std::set<fs::path> folders;
  for (const JobRecord& job : jobs) {
    if (!folders.insert(job.folder).second) {
      throw ConfigError(
          {.what = "a work directory is compared with itself", .where = job.folder.string()});
    }
    out.names.push_back(job.name);
    out.kinds.push_back(kind_of(job));
    out.seeds.push_back(seeds_of(job));
    if (job.metrics.tuned.empty())
      out.missing.push_back(
          cat(job.name, ": no held-out figures of finished training in results.json"));
  }
  if (jobs.size() < 2) {
    throw ConfigError({.what = "nothing to compare with",
                       .where = "--compare",
                       .expected = "at least one further work directory"});
  }
  expect_same_splits(jobs);
  expect_same_measures(jobs);
  find_control(jobs, out);

  JobMetrics all;
  for (const JobRecord& job : jobs) {
    for (const auto& [key, values] : job.metrics.tuned)
      all.tuned[key].insert(values.begin(), values.end());
  }
  for (const MetricKey& key : ordered_keys(all)) {
    ComparedMetric row{key, {}, {}};
    const BySeed& reference = tuned_values(jobs[out.reference], key);
    for (std::size_t arm = 0; arm < jobs.size(); ++arm) {
      const BySeed& values = tuned_values(jobs[arm], key);
      row.arms.push_back(spread_of(values_of(values)));
      row.differences.push_back(arm == out.reference ? Difference{}
                                                     : difference_of(values, reference));
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

std::string to_text(const Comparison& comparison) {
  std::vector<std::vector<std::string>> lines = {{"metric"}};
  for (const std::string& name : comparison.names) lines[0].push_back(printable(name));
  lines[0].emplace_back("difference");
  std::string group;
  for (const ComparedMetric& row : comparison.rows) {
    if (group_of(row.key) != group) {
      group = group_of(row.key);
      lines.push_back({printable(group)});
    }
    std::vector<std::string> line = {cat("  ", config::metric_label(row.key.metric))};
    for (const Spread& arm : row.arms) line.push_back(value_text(row.key.metric, arm));
    line.push_back(difference_text(row.key.metric, row.differences.back()));
    lines.push_back(std::move(line));
  }
  std::string out = printable(explanation(comparison)) + "\n\n" + text_table(lines);
  for (const std::string& sentence : comparison.missing)
    out += cat("missing: ", printable(sentence), "\n");
  for (const std::string& fault : comparison.faults)
    out += cat("no control: ", printable(fault), "\n");
  return out;
}

void write_comparison(const fs::path& file, const Comparison& comparison) {
  std::string body = cat("<h1>", escape_html(comparison.names.back()), " against ",
                         escape_html(comparison.names[comparison.reference]), "</h1>");
  body += cat("<p class=\"soft\">", escape_html(explanation(comparison)), "</p>\n");
  if (!comparison.missing.empty()) {
    body += "<div class=\"notice\"><strong>Missing from this comparison</strong><ul>";
    for (const std::string& sentence : comparison.missing)
      body += cat("<li>", escape_html(sentence), "</li>");
    body += "</ul></div>\n";
  }
  if (!comparison.faults.empty()) {
    body +=
        "<div class=\"notice\"><strong>None of these jobs is the control: the differences do not "
        "show what hard pairs do</strong><ul>";
    for (const std::string& fault : comparison.faults)
      body += cat("<li>", escape_html(fault), "</li>");
    body += "</ul></div>\n";
  }
  body += "<div class=\"tiles\">";
  for (const ComparedMetric& row : comparison.rows) {
    if (!config::is_headline(row.key.metric)) continue;
    const Difference& difference = row.differences.back();
    body += cat("<div class=\"tile\"><div class=\"name\">", escape_html(row.key.dataset),
                row.key.task == "linear_probe" ? " linear probe: " : ": ",
                escape_html(config::metric_label(row.key.metric)), "</div><div class=\"value\">",
                percent_text(row.arms.back()), "</div><div class=\"more\">",
                percent_text(row.arms[comparison.reference]),
                comparison.has_control
                    ? std::string(" without")
                    : cat(" in ", escape_html(comparison.names[comparison.reference])),
                " · <span class=\"", direction_of(difference.spread), "\">",
                difference_text(row.key.metric, difference), "</span></div></div>");
  }
  body += "</div>\n<h2>All figures</h2>\n" + table_html(comparison) + "<h2>The jobs</h2><dl>";
  for (std::size_t arm = 0; arm < comparison.names.size(); ++arm) {
    body += cat("<dt>", escape_html(comparison.names[arm]),
                comparison.has_control && arm == comparison.reference ? " (control)" : "",
                "</dt><dd>", escape_html(comparison.kinds[arm]), "</dd>");
  }
  body += "</dl>\n";
  if (file.has_parent_path()) fs::create_directories(file.parent_path());
  publish_file(file, page(cat(comparison.names.back(), " – HELIP comparison"), body));
}

}  // namespace helip::report
