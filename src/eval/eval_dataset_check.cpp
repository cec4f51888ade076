#include "eval/eval_dataset_check.h"

#include <algorithm>

#include "common/text.h"
#include "data/corpus/tar_headers.h"
#include "data/corpus/webdataset.h"
#include "eval/eval_dataset.h"
#include "eval/image_folder.h"
#include "eval/shard_samples.h"
#include "eval/webdataset_split.h"

namespace helip::eval {
namespace {

namespace fs = std::filesystem;

struct Needs {
  bool labels = false;
  bool single_labels = false;
  bool captions = false;
};

// Looks at the samples of one tar by its headers and small members, as many as `budget` allows, and
// takes them from it. Returns their number.
std::uint64_t check_shard(const fs::path& shard, const Needs& needs, LabelRule& labels,
                          std::uint64_t& budget) {
  data::TarHeaders headers(shard);
  std::uint64_t samples = 0;
  Labels own;
  bool has_captions = false;
  const auto take = [&](const std::string& where, const data::MemberName& name,
                        const data::TarMember& /*member*/) {
    if (name.extension == "cls") {
      own = labels_in(headers.content(kLongestLabel), where);
    } else if (name.extension == "txt") {
      const auto captions = captions_in(headers.content(kLongestCaptions), where);
      has_captions = std::any_of(captions.begin(), captions.end(),
                                 [](const std::string& caption) { return !caption.empty(); });
    }
  };
  const auto close = [&](const std::string& key) {
    const std::string where = cat(shard.string(), ": ", key);
    if (needs.labels && own.empty())
      throw dataset_error("a sample has no label", where, "KEY.cls", "none");
    if (needs.single_labels && own.size() > 1)
      throw dataset_error("the linear probe needs one label a sample", where, "one",
                          cat(own.size()));
    if (needs.captions && !has_captions)
      throw dataset_error("a sample has no caption", where, "KEY.txt, one a line", "none");
    labels.take(own, key, where);
    ++samples;
    own.clear();
    has_captions = false;
  };
  read_samples(headers, shard, budget, take, close);
  if (budget == 0) return samples;  // its end was not seen
  headers.check_end();
  if (!headers.has_end_mark()) warn_of_end(shard, samples);
  return samples;
}

void check_webdataset(const fs::path& folder, const Needs& needs, std::size_t classes) {
  LabelRule labels(classes);
  const std::int64_t shards = read_shard_count(folder);
  std::uint64_t samples = 0, budget = kCheckedMembers;
  for (std::int64_t i = 0; i < shards && budget > 0; ++i) {
    samples += check_shard(folder / cat(i, ".tar"), needs, labels, budget);
  }
  if (samples == 0 && budget > 0) throw no_samples(folder, shards);
}

void check_split(const fs::path& folder, const Needs& needs, std::size_t classes) {
  if (!is_image_folder(folder)) {
    check_webdataset(folder, needs, classes);
    return;
  }
  if (needs.captions) {
    throw dataset_error("images in folders of classes have no captions", folder,
                        "clip_benchmark's WebDataset layout with KEY.txt", "class folders");
  }
  static_cast<void>(list_images(folder));
}

}  // namespace

void expect_same_classes(const fs::path& folder, const std::string& split,
                         const std::string& other) {
  const bool is_folder = is_image_folder(folder / split);
  if (!is_folder && !is_image_folder(folder / other)) return;
  if (is_folder != is_image_folder(folder / other)) {
    throw dataset_error("the splits have different layouts", folder / other,
                        cat(is_folder ? "class folders" : "shards", ", as in ", split),
                        is_folder ? "no class folders" : "class folders");
  }
  const auto expected = class_folders(folder / split), found = class_folders(folder / other);
  const auto [left, right] =
      std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
  if (left == expected.end() && right == found.end()) return;
  throw dataset_error(
      "the splits have different class folders", folder / other,
      cat(left == expected.end() ? "no further folder" : "'" + *left + "'", ", as in ", split),
      right == found.end() ? "no further folder" : "'" + *right + "'");
}

std::size_t check_dataset(const config::EvalDataset& dataset) {
  const fs::path folder(dataset.path);
  const auto wants = [&](config::EvalTask task) {
    return std::find(dataset.tasks.begin(), dataset.tasks.end(), task) != dataset.tasks.end();
  };
  const bool probes = wants(config::EvalTask::kLinearProbe);
  Needs needs;
  needs.captions = wants(config::EvalTask::kRetrieval);
  needs.labels = wants(config::EvalTask::kZeroShot) || probes;
  needs.single_labels = probes;
  const std::size_t classes = classes_of_split(folder, dataset.split).size();
  if (needs.labels && classes == 0) {
    throw dataset_error("the data set has no classes", folder, "classnames.txt, a class a line",
                        fs::exists(folder / kClassNamesFile) ? "an empty file" : "no such file");
  }
  if (wants(config::EvalTask::kZeroShot) && read_templates(folder).empty()) {
    const fs::path file = folder / kTemplatesFile;
    throw dataset_error("the data set has no prompt templates", file, "a template with {c} a line",
                        fs::exists(file) ? "an empty file" : "no such file");
  }
  check_split(folder / dataset.split, needs, classes);
  const Needs labelled = {.labels = true, .single_labels = true, .captions = false};
  for (const std::string& split : probe_splits(dataset)) {
    expect_same_classes(folder, dataset.split, split);
    check_split(folder / split, labelled, classes);
  }
  return classes;
}

}  // namespace helip::eval
