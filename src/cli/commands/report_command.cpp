// helip report WORKDIR [--compare WORKDIR…]
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "common/error.h"
#include "common/json.h"
#include "common/output_place.h"
#include "common/text.h"
#include "jobs/work_dir.h"
#include "report/comparison.h"
#include "report/report.h"

namespace helip::cli {
namespace {

constexpr int kSchemaVersion = 1;

struct ReportArguments {
  std::string work_dir;
  std::vector<std::string> others;
  std::string out;
  bool json = false;
};

OrderedJson spread_json(const report::Spread& spread) {
  if (spread.count == 0) return nullptr;
  return {{"mean", spread.mean}, {"std", spread.deviation}, {"seeds", spread.count}};
}

OrderedJson comparison_json(const report::Comparison& comparison, const std::string& page) {
  OrderedJson out = {{"schema_version", kSchemaVersion},
                     {"arms", comparison.names},
                     {"reference", comparison.names[comparison.reference]},
                     {"is_control", comparison.has_control},
                     {"faults", comparison.faults},
                     {"metrics", OrderedJson::array()},
                     {"missing", comparison.missing},
                     {"page", page}};
  for (const report::ComparedMetric& row : comparison.rows) {
    OrderedJson arms = OrderedJson::array();
    for (const report::Spread& arm : row.arms) arms.push_back(spread_json(arm));
    const report::Difference& difference = row.differences.back();
    out["metrics"].push_back({{"dataset", row.key.dataset},
                              {"task", row.key.task},
                              {"metric", row.key.metric},
                              {"arms", arms},
                              {"difference", spread_json(difference.spread)},
                              {"paired", difference.paired}});
  }
  return out;
}

void compare(const ReportArguments& arguments) {
  const std::filesystem::path subject = arguments.work_dir;
  const auto comparison =
      report::compare_jobs(subject, {arguments.others.begin(), arguments.others.end()});
  const std::filesystem::path page = arguments.out.empty() ? jobs::WorkDir(subject).comparison()
                                                           : std::filesystem::path(arguments.out);
  report::write_comparison(page, comparison);
  if (arguments.json) {
    print_json(comparison_json(comparison, page.string()), 2);
  } else {
    print_lines(cat(report::to_text(comparison), "\npage: ", printable(page.string()), "\n"));
  }
}

void report_command(const ReportArguments& arguments, int& exit_code) {
  if (!arguments.out.empty()) check_output_place(arguments.out, "--out", Existing::kReplaced);
  const std::filesystem::path page = report::write_report(arguments.work_dir);
  if (!arguments.others.empty()) {
    compare(arguments);
  } else if (arguments.json) {
    print_json(OrderedJson({{"schema_version", kSchemaVersion}, {"page", page.string()}}), 2);
  } else {
    print_lines(cat("report: ", printable(page.string()), "\n"));
  }
  exit_code = kExitDone;
}

}  // namespace

void add_report_command(CLI::App& app, int& exit_code) {
  auto* const command =
      app.add_subcommand("report", "Write the HTML report of a job again, or compare jobs");
  auto arguments = std::make_shared<ReportArguments>();
  as_path(command->add_option("WORKDIR", arguments->work_dir, "work directory of the job"))
      ->required();
  as_path(command->add_option("--compare", arguments->others,
                              "work directories to compare it with: base, continued training, …"));
  as_path(command->add_option("--out", arguments->out,
                              "page of the comparison (default: WORKDIR/report/comparison.html)"));
  command->add_flag("--json", arguments->json, "print JSON instead of text");
  command->callback([arguments, &exit_code] { report_command(*arguments, exit_code); });
}

}  // namespace helip::cli
