#include "report/class_section.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "report/html.h"
#include "report/job_metrics.h"

namespace helip::report {
namespace {

// With fewer samples one answer is more than 20 points.
constexpr std::uint64_t kFewSamples = 5;
constexpr std::size_t kShownEach = 8;  // that rose, and that fell

struct ClassRow {
  std::string name;
  std::uint64_t samples = 0;
  Spread before, after, change;

  // What the classes are ordered by: the change, or the recall where there is none.
  [[nodiscard]] double order() const {
    if (change.count > 0) return change.mean;
    return after.count > 0 ? after.mean : before.mean;
  }
};

// All results of one task of a data set.
struct Weights {
  const eval::ClassRecalls* init = nullptr;
  std::vector<const eval::ClassRecalls*> tuned;

  [[nodiscard]] const eval::ClassRecalls& any() const { return init ? *init : *tuned.front(); }
};

double recall_of(const eval::ClassRecall& one) {
  return static_cast<double>(one.right) / static_cast<double>(one.samples);
}

void expect_same_classes(const eval::ClassRecalls& a, const eval::ClassRecalls& b) {
  const bool same = std::equal(
      a.classes.begin(), a.classes.end(), b.classes.begin(), b.classes.end(),
      [](const auto& x, const auto& y) { return x.name == y.name && x.samples == y.samples; });
  if (same) return;
  throw StoreError({.what = "results of one data set are of different classes",
                    .where = cat("class_recalls.json: ", a.dataset, ", ", a.task),
                    .expected = cat("the classes and samples of ", a.pretrained),
                    .found = "others in " + b.pretrained});
}

// The classes that have samples.
std::vector<ClassRow> rows_of(const Weights& weights) {
  const eval::ClassRecalls& any = weights.any();
  for (const auto* one : weights.tuned) expect_same_classes(any, *one);
  std::vector<ClassRow> rows;
  for (std::size_t i = 0; i < any.classes.size(); ++i) {
    if (any.classes[i].samples == 0) continue;
    ClassRow row = {any.classes[i].name, any.classes[i].samples, {}, {}, {}};
    std::vector<double> after, change;
    for (const auto* one : weights.tuned) after.push_back(recall_of(one->classes[i]));
    row.after = spread_of(after);
    if (weights.init != nullptr) {
      const double before = recall_of(weights.init->classes[i]);
      row.before = spread_of({before});
      for (const double value : after) change.push_back(value - before);
      row.change = spread_of(change);
    }
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ClassRow& a, const ClassRow& b) { return a.order() > b.order(); });
  return rows;
}

std::string row_html(const ClassRow& row, bool has_before) {
  std::string out = cat("<tr><td>", escape_html(row.name.empty() ? "(no name)" : row.name),
                        "</td><td>", row.samples, "</td>");
  if (has_before) out += cat("<td>", percent_text(row.before), "</td>");
  out += cat("<td>", percent_text(row.after), "</td>");
  if (has_before) {
    out += cat("<td><span class=\"", direction_of(row.change), "\">",
               signed_percent_text(row.change), "</span></td>");
  }
  return out + "</tr>";
}

std::string table_html(const std::vector<ClassRow>& rows, bool has_before) {
  std::string out =
      cat("<div class=\"scroll\"><table><thead><tr><th>class</th><th>samples</th>",
          has_before ? "<th>before</th><th>after</th><th>change</th>" : "<th>after</th>",
          "</tr></thead><tbody>");
  for (const ClassRow& row : rows) out += row_html(row, has_before);
  return out + "</tbody></table></div>";
}

// The first and last of the classes with enough samples; those that rose and fell where there is a
// change.
std::vector<ClassRow> extremes(const std::vector<ClassRow>& rows) {
  std::vector<ClassRow> enough;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(enough),
               [](const ClassRow& row) { return row.samples >= kFewSamples; });
  std::vector<ClassRow> shown;
  for (std::size_t i = 0; i < enough.size(); ++i) {
    const bool is_extreme = i < kShownEach || i + kShownEach >= enough.size();
    const bool moved = enough[i].change.count == 0 || enough[i].change.mean != 0;
    if (is_extreme && moved) shown.push_back(enough[i]);
  }
  return shown;
}

std::string group_html(const Weights& weights) {
  const std::vector<ClassRow> rows = rows_of(weights);
  const std::vector<ClassRow> shown = extremes(rows);
  std::string out = cat("<h3>", escape_html(weights.any().dataset), " · ",
                        escape_html(weights.any().task), "</h3>");
  out += shown.empty() ? "<p class=\"note\">No class of at least 5 samples changed.</p>"
                       : table_html(shown, weights.init != nullptr);
  return out + cat("<details><summary>All ", rows.size(), " classes that have samples</summary>",
                   table_html(rows, weights.init != nullptr), "</details>\n");
}

}  // namespace

std::string class_section(const JobRecord& job) {
  std::map<std::pair<std::string, std::string>, Weights> groups;  // by task and data set
  for (const eval::ClassRecalls& recalls : job.class_recalls) {
    Weights& weights = groups[{recalls.task, recalls.dataset}];
    const auto where = cat("class_recalls.json: ", recalls.dataset, ", ", recalls.task);
    if (seed_of_weights(recalls.pretrained, where)) {
      weights.tuned.push_back(&recalls);
    } else {
      weights.init = &recalls;
    }
  }
  if (groups.empty()) return {};
  const bool has_before = std::any_of(
      groups.begin(), groups.end(), [](const auto& group) { return group.second.init != nullptr; });
  std::string out =
      cat("<h2>Classes</h2><p class=\"soft\">Recall of each class in percent: the share of its "
          "samples that were classified rightly",
          has_before ? ", before and after this job. Shown first are the classes of at least 5 "
                       "samples that rose and fell most."
                     : ". Shown first are the classes of at least 5 samples with the highest and "
                       "the lowest recall.",
          "</p>");
  for (const auto& [name, weights] : groups) out += group_html(weights);
  return out;
}

}  // namespace helip::report
