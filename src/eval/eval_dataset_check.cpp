#include "eval/eval_dataset_check.h"

#include <algorithm>

#include "common/text.h"
#include "data/corpus/tar_headers.h"
#include "data/corpus/webdataset.h"
#include "eval/eval_dataset.h"
#include "eval/shard_samples.h"

namespace helip::eval {
namespace {

namespace fs = std::filesystem;

struct Needs {
  bool labels = false;
  bool captions = false;
};

// Looks at the samples of one tar by its headers and small members, as many as `budget` allows, and
// takes them from it. Returns their number.
std::uint64_t check_shard(const fs::path& shard, const Needs& needs, LabelRule& labels,
                          std::uint64_t& budget) {
  data::TarHeaders headers(shard);
  std::uint64_t samples = 0;
  std::int64_t label = -1;
  bool has_captions = false;
  const auto take = [&](const std::string& where, const data::MemberName& name) {
    if (name.extension == "cls") {
      label = label_in(headers.content(kLongestLabel), where);
    } else if (name.extension == "txt") {
      const auto captions = captions_in(headers.content(kLongestCaptions), where);
      has_captions = std::any_of(captions.begin(), captions.end(),
                                 [](const std::string& caption) { return !caption.empty(); });
    }
  };
  const auto close = [&](const std::string& key) {
    const std::string where = cat(shard.string(), ": ", key);
    if (needs.labels && label < 0)
      throw dataset_error("a sample has no label", where, "KEY.cls", "none");
    if (needs.captions && !has_captions)
      throw dataset_error("a sample has no caption", where, "KEY.txt, one a line", "none");
    labels.take(label, key, where);
    ++samples;
    label = -1;
    has_captions = false;
  };
  read_samples(headers, shard, budget, take, close);
  if (budget == 0) return samples;  // its end was not seen
  headers.check_end();
  if (!headers.has_end_mark()) warn_of_end(shard, samples);
  return samples;
}

void check_split(const fs::path& folder, const Needs& needs, std::size_t classes) {
  LabelRule labels(classes);
  const std::int64_t shards = read_shard_count(folder);
  std::uint64_t samples = 0, budget = kCheckedMembers;
  for (std::int64_t i = 0; i < shards && budget > 0; ++i) {
    samples += check_shard(folder / cat(i, ".tar"), needs, labels, budget);
  }
  if (samples == 0 && budget > 0) throw no_samples(folder, shards);
}

}  // namespace

std::size_t check_dataset(const fs::path& folder, const std::string& split,
                          const std::vector<config::EvalTask>& tasks) {
  const auto wants = [&](config::EvalTask task) {
    return std::find(tasks.begin(), tasks.end(), task) != tasks.end();
  };
  Needs needs;
  needs.captions = wants(config::EvalTask::kRetrieval);
  needs.labels = wants(config::EvalTask::kZeroShot) || wants(config::EvalTask::kLinearProbe);
  const std::size_t classes = read_class_names(folder).size();
  if (needs.labels && classes == 0) {
    throw dataset_error("the data set has no classes", folder, "classnames.txt, a class a line",
                        fs::exists(folder / "classnames.txt") ? "an empty file" : "no such file");
  }
  if (wants(config::EvalTask::kZeroShot) && read_templates(folder).empty()) {
    const fs::path file = folder / "zeroshot_classification_templates.txt";
    throw dataset_error("the data set has no prompt templates", file, "a template with {c} a line",
                        fs::exists(file) ? "an empty file" : "no such file");
  }
  check_split(folder / split, needs, classes);
  if (wants(config::EvalTask::kLinearProbe)) {
    check_split(folder / "train", {.labels = true, .captions = false}, classes);
  }
  return classes;
}

}  // namespace helip::eval
