#include "cli/commands/eval_outputs.h"

#include <algorithm>
#include <set>

#include "common/error.h"
#include "common/output_place.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/eval_metrics.h"
#include "eval/class_recalls.h"
#include "eval/results.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

std::string safe(std::string text) {
  for (char& letter : text) {
    const bool keep = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '.' || letter == '-';
    if (!keep) letter = '_';
  }
  return text;
}

// "out/model" of "./out/model/".
std::string weights_of(const eval::EvalResult& result) {
  std::string path = fs::path(result.pretrained).lexically_normal().string();
  path.erase(path.find_last_not_of('/') + 1);
  return path.substr(std::min(path.size(), path.find_first_not_of('/')));
}

void expect_own(const fs::path& file, const eval::EvalResult& result) {
  const auto there = eval::results_from_json(cat("[", read_text_file(file), "]"), file.string());
  const auto named = [](const eval::EvalResult& one) {
    return cat(one.dataset, ", ", one.pretrained, ", ", one.model);
  };
  if (there.size() == 1 && there[0].dataset == result.dataset && there[0].model == result.model &&
      weights_of(there[0]) == weights_of(result)) {
    return;
  }
  throw ConfigError({.what = "the file holds another result; take another --out",
                     .where = cat("--out: ", file.string()),
                     .expected = named(result),
                     .found = there.size() == 1 ? named(there[0]) : cat(there.size(), " results")});
}

}  // namespace

std::string result_file_name(const eval::EvalResult& result) {
  return cat(safe(result.dataset), "_", safe(weights_of(result)), "_", safe(result.model), "_",
             safe(result.language), "_", result.task, ".json");
}

void check_outputs(const fs::path& folder, const eval::EvalSpec& common,
                   const std::vector<config::EvalDataset>& datasets) {
  std::set<std::string> names;
  for (const config::EvalDataset& dataset : datasets) {
    for (const config::EvalTask task : dataset.tasks) {
      const eval::EvalResult result = {.dataset = dataset.name,
                                       .model = common.model.name,
                                       .pretrained = common.pretrained,
                                       .task = std::string(config::clip_benchmark_name(task)),
                                       .metrics = {}};
      const std::string name = result_file_name(result);
      if (!names.insert(name).second) {
        throw ConfigError({.what = "two results would have one file",
                           .where = "--out",
                           .expected = "names of data sets that differ in letters or digits",
                           .found = name});
      }
      check_output_place(folder / name, "--out", Existing::kReplaced);
      if (is_file(folder / name)) expect_own(folder / name, result);
    }
  }
}

void write_outputs(const fs::path& folder, const std::vector<eval::EvalResult>& results) {
  const fs::path recalls = folder / "class_recalls";
  fs::create_directories(recalls);
  for (const eval::EvalResult& result : results) {
    const std::string name = result_file_name(result);
    eval::write_result(folder / name, result);
    if (!result.classes.empty()) eval::write_class_recalls(recalls / name, {result});
  }
}

}  // namespace helip::cli
