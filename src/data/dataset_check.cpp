#include "data/dataset_check.h"

#include <algorithm>
#include <charconv>

#include "common/error.h"
#include "common/text.h"
#include "data/caption.h"
#include "data/dataset.h"
#include "data/tar_headers.h"
#include "data/webdataset.h"

namespace helip::data {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestLabel = 64;  // bytes
constexpr std::uint64_t kLongestCaptions = 1 << 20;

DataError wrong(const std::string& what, const fs::path& where, const std::string& expected,
                const std::string& found) {
  return DataError({.what = what, .where = where.string(), .expected = expected, .found = found});
}

struct Needs {
  std::optional<std::size_t> classes;  // labels must be below it
  bool captions = false;
};

// The samples of one tar, by its headers and small members.
class ShardCheck {
 public:
  ShardCheck(const fs::path& shard, const Needs& needs)
      : shard_(shard), headers_(shard), needs_(needs) {}

  // Takes what it looks at from `budget`. Returns the number of samples.
  std::uint64_t run(std::uint64_t& budget) {
    for (; budget > 0; --budget) {
      const auto member = headers_.next();
      if (!member) break;
      const auto name = split_member_name(member->name);
      if (!name || !member->is_file) continue;
      if (name->key != key_) close();
      key_ = name->key;
      open_ = true;
      image_ = image_ || (image_extension_index(name->extension) && member->size > 0);
      if (name->extension == "cls" && needs_.classes) check_label();
      if (name->extension == "txt" && needs_.captions) check_captions();
    }
    // A sample that the budget cuts off is not known whole.
    if (budget > 0) close();
    return samples_;
  }

 private:
  [[nodiscard]] fs::path where() const { return cat(shard_.string(), ": ", key_); }

  void check_label() {
    const std::string digits = trimmed(headers_.content(kLongestLabel));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool number = error == std::errc() && end == digits.data() + digits.size();
    if (!number || value >= *needs_.classes) {
      throw wrong("a label that is none of the classes", where(),
                  cat("0 to ", *needs_.classes - 1, ", a line of classnames.txt each"),
                  digits.empty() ? "nothing" : cat("'", digits, "'"));
    }
    label_ = true;
  }

  void check_captions() {
    const std::string text = headers_.content(kLongestCaptions);
    if (!is_valid_utf8(text))
      throw wrong("text is not valid UTF-8", where(), "UTF-8", "other bytes");
    captions_ = captions_ || !trimmed(text).empty();
  }

  void close() {
    if (!open_) return;
    if (!image_) throw wrong("a sample has no image", where(), "KEY.{webp,png,jpg,jpeg}", "none");
    if (needs_.classes && !label_) throw wrong("a sample has no label", where(), "KEY.cls", "none");
    if (needs_.captions && !captions_) {
      throw wrong("a sample has no caption", where(), "KEY.txt, one a line", "none");
    }
    ++samples_;
    open_ = image_ = label_ = captions_ = false;
  }

  fs::path shard_;
  TarHeaders headers_;
  Needs needs_;
  std::uint64_t samples_ = 0;
  std::string key_;
  bool open_ = false, image_ = false, label_ = false, captions_ = false;
};

void check_split(const fs::path& folder, const Needs& needs) {
  const std::int64_t shards = read_shard_count(folder);
  std::uint64_t samples = 0, budget = kCheckedMembers;
  for (std::int64_t i = 0; i < shards && budget > 0; ++i) {
    samples += ShardCheck(folder / cat(i, ".tar"), needs).run(budget);
  }
  if (samples == 0) {
    throw wrong("the data set has no samples", folder, "samples in its tars",
                cat("none in ", shards, " tars"));
  }
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
      throw wrong("the data set has no classes", folder, "classnames.txt, a class a line",
                  fs::exists(folder / "classnames.txt") ? "an empty file" : "no such file");
    }
  }
  if (wants("zero_shot") && read_templates(folder).empty()) {
    const fs::path file = folder / "zeroshot_classification_templates.txt";
    throw wrong("the data set has no prompt templates", file, "a template with {c} a line",
                fs::exists(file) ? "an empty file" : "no such file");
  }
  check_split(folder / split, needs);
  if (wants("linear_probe")) {
    check_split(folder / "train", {.classes = needs.classes, .captions = false});
  }
  return needs.classes;
}

}  // namespace helip::data
