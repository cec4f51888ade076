#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "cli/preflight/check_parts.h"
#include "cli/preflight/model_plan.h"
#include "common/error.h"
#include "common/log.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "eval/eval_dataset.h"
#include "eval/eval_dataset_check.h"
#include "model/files/model_files.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

std::string joined(const std::vector<config::EvalTask>& tasks) {
  std::string text;
  for (const config::EvalTask task : tasks) text += cat(text.empty() ? "" : ", ", task);
  return text;
}

// Given features can only embed the corpus that they are of.
void check_eval_of_features(const config::RunConfig& config) {
  const auto source =
      model::find_architecture(config.model.architecture, model::installed_models());
  const bool scores = !config.scores.datasets.empty();
  if ((config.eval.datasets.empty() && !scores) || !model::find_given_features(source)) return;
  missing("towers that are .npy features cannot embed new images",
          scores ? "scores.datasets" : "eval.datasets", "none",
          cat(scores ? config.scores.datasets.size() : config.eval.datasets.size()));
}

// The number of classes of data sets whose list has been read: reading it warns of its faults.
using ClassCounts = std::map<std::string, std::size_t>;

void check_dataset(const config::EvalDataset& dataset, const std::string& key,
                   const std::string& path_key, ClassCounts& counts) {
  const fs::path folder(dataset.path);
  if (!is_folder(folder)) {
    missing("the evaluation data set is not there", path_key, "a folder in clip_benchmark's layout",
            is_there(folder) ? kind_of(folder) : "no " + dataset.path);
  }
  try {
    counts[dataset.path] = eval::check_dataset(dataset);
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& error) {
    missing("the evaluation data set cannot give what is asked of it", key,
            cat("what ", joined(dataset.tasks), " needs"), error.what());
  }
}

// A classifier with its last layer left on: its logits say little about what is in an image.
void warn_of_logits(const config::RunConfig& config, const ClassCounts& counts) {
  if (config.train.hard_pairs != config::HardPairs::kMined) return;
  const EmbeddingWidths widths = embedding_widths(config);
  for (const config::EvalDataset& dataset : config.eval.datasets) {
    const auto known = counts.find(dataset.path);
    const std::size_t classes = known != counts.end()
                                    ? known->second
                                    : eval::classes_of_split(dataset.path, dataset.split).size();
    if (classes != widths.image && classes != widths.text) continue;
    log::warning(cat("the encoder's embeddings are ", classes, " wide, as many as data set ",
                     dataset.name, " has classes: are they a classifier's logits?"));
  }
}

}  // namespace

void check_evaluation(const config::RunConfig& config, jobs::Stage until) {
  check_eval_of_features(config);
  ClassCounts counts;
  if (until >= jobs::Stage::kTrain) {
    for (std::size_t i = 0; i < config.scores.datasets.size(); ++i) {
      const config::ScoresDataset& set = config.scores.datasets[i];
      const std::string key = cat("scores.datasets[", i, "]");
      check_dataset({.name = set.name, .path = set.path, .tasks = set.tasks, .split = set.split},
                    key, key + ".path", counts);
    }
  }
  if (until >= jobs::Stage::kEval) {
    for (std::size_t i = 0; i < config.eval.datasets.size(); ++i) {
      const std::string key = cat("eval.datasets[", i, "]");
      check_dataset(config.eval.datasets[i], key, key + ".path", counts);
    }
  }
  warn_of_logits(config, counts);
}

}  // namespace helip::cli
