#include "data/dataset_check.h"

#include <algorithm>
#include <optional>

#include "common/text.h"
#include "data/dataset.h"
#include "data/shard_samples.h"
#include "data/tar_headers.h"
#include "data/webdataset.h"

namespace helip::data {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestLabel = 64;  // bytes
constexpr std::uint64_t kLongestCaptions = 1 << 20;

struct Needs {
  std::optional<std::size_t> classes;  // labels must be below it
  bool captions = false;
};

// Looks at the samples of one tar by its headers and small members, as many as `budget` allows, and
// takes them from it. Returns their number.
std::uint64_t check_shard(const fs::path& shard, const Needs& needs, std::uint64_t& budget) {
  TarHeaders headers(shard);
  std::uint64_t samples = 0;
  bool has_label = false, has_captions = false;
  const auto take = [&](const std::string& where, const MemberName& name) {
    if (name.extension == "cls") {
      const std::int64_t label = label_in(headers.content(kLongestLabel), where);
      has_label = true;
      if (needs.classes) check_label(label, *needs.classes, where);
    } else if (name.extension == "txt") {
      const auto captions = captions_in(headers.content(kLongestCaptions), where);
      has_captions = std::any_of(captions.begin(), captions.end(),
                                 [](const std::string& caption) { return !caption.empty(); });
    }
  };
  const auto close = [&](const std::string& key) {
    const std::string where = cat(shard.string(), ": ", key);
    if (needs.classes && !has_label)
      throw dataset_error("a sample has no label", where, "KEY.cls", "none");
    if (needs.captions && !has_captions)
      throw dataset_error("a sample has no caption", where, "KEY.txt, one a line", "none");
    ++samples;
    has_label = has_captions = false;
  };
  read_samples(headers, shard, budget, take, close);
  if (budget == 0) return samples;  // its end was not seen
  headers.check_end();
  if (!headers.has_end_mark()) warn_of_end(shard, samples);
  return samples;
}

void check_split(const fs::path& folder, const Needs& needs) {
  const std::int64_t shards = read_shard_count(folder);
  std::uint64_t samples = 0, budget = kCheckedMembers;
  for (std::int64_t i = 0; i < shards && budget > 0; ++i) {
    samples += check_shard(folder / cat(i, ".tar"), needs, budget);
  }
  if (samples == 0 && budget > 0) throw no_samples(folder, shards);
}

}  // namespace

std::optional<std::size_t> check_dataset(const fs::path& folder, const std::string& split,
                                         const std::vector<std::string>& tasks) {
  const auto wants = [&](const char* task) {
    return std::find(tasks.begin(), tasks.end(), task) != tasks.end();
  };
  Needs needs;
  needs.captions = wants("retrieval");
  if (wants("zero_shot") || wants("linear_probe")) {
    needs.classes = read_class_names(folder).size();
    if (*needs.classes == 0) {
      throw dataset_error("the data set has no classes", folder, "classnames.txt, a class a line",
                          fs::exists(folder / "classnames.txt") ? "an empty file" : "no such file");
    }
  }
  if (wants("zero_shot") && read_templates(folder).empty()) {
    const fs::path file = folder / "zeroshot_classification_templates.txt";
    throw dataset_error("the data set has no prompt templates", file, "a template with {c} a line",
                        fs::exists(file) ? "an empty file" : "no such file");
  }
  check_split(folder / split, needs);
  if (wants("linear_probe")) {
    check_split(folder / "train", {.classes = needs.classes, .captions = false});
  }
  return needs.classes;
}

}  // namespace helip::data
