#include "data/dataset.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/caption.h"
#include "data/tar_reader.h"
#include "data/text_lines.h"
#include "data/webdataset.h"

namespace helip::data {
namespace {

constexpr std::size_t kShownBytes = 80;  // of what a message quotes

DataError wrong(const std::string& what, const std::filesystem::path& where,
                const std::string& expected = {}, const std::string& found = {}) {
  return DataError({.what = what, .where = where.string(), .expected = expected, .found = found});
}

std::vector<std::string> lines_of(std::string_view text, const std::filesystem::path& where) {
  if (!is_valid_utf8(text)) {
    const bool utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
    throw wrong("text is not valid UTF-8", where, "UTF-8", utf16 ? "UTF-16" : "other bytes");
  }
  return python_lines(text);
}

std::string read_data_file(const std::filesystem::path& file) {
  if (!is_file(file))
    throw wrong("a file of the data set is missing", file, "a file", helip::kind_of(file));
  return read_text_file(file);
}

// The lines of a file that may be missing. Blank ones keep their positions, as in clip_benchmark.
std::vector<std::string> read_optional(const std::filesystem::path& file, std::string_view thing) {
  if (!std::filesystem::exists(file)) return {};
  std::vector<std::string> lines = lines_of(read_data_file(file), file);
  if (const std::string blank = blank_lines(lines); !blank.empty()) {
    log::warning(cat(file.string(), ": blank lines (", blank, "): each counts as ", thing));
  }
  return lines;
}

std::int64_t whole_number(const std::string& text, const std::filesystem::path& where) {
  const std::string digits = trimmed(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    throw wrong("not a number", where, "a whole number, 0 or more",
                digits.empty() ? "nothing" : cat("'", shortened(digits, kShownBytes), "'"));
  }
  return value;
}

// Two classes of one name get equal scores, and the first one wins.
void warn_of_equal_names(const std::vector<std::string>& names, const std::filesystem::path& file) {
  std::map<std::string_view, std::size_t> lines;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [first, is_new] = lines.emplace(names[i], i + 1);
    if (is_new || names[i].empty()) continue;
    log::warning(cat(file.string(), ": lines ", first->second, " and ", i + 1,
                     " name the same class, '", shortened(names[i], kShownBytes), "'"));
    return;
  }
}

// Each template that has words needs its class, as {c} and in no other form.
void check_templates(const std::vector<std::string>& templates, const std::filesystem::path& file) {
  constexpr std::string_view kPlaceholder = "{c}";
  for (std::size_t i = 0; i < templates.size(); ++i) {
    const std::string& text = templates[i];
    std::string rest = text;
    bool has_class = false;
    for (std::size_t at = rest.find(kPlaceholder); at != std::string::npos;
         at = rest.find(kPlaceholder)) {
      rest.erase(at, kPlaceholder.size());
      has_class = true;
    }
    if (text.empty() || (has_class && rest.find_first_of("{}") == std::string::npos)) continue;
    throw wrong(
        has_class ? "a template with another placeholder than {c}" : "a template without its class",
        cat(file.string(), ":", i + 1), "{c} in each line",
        cat("'", shortened(text, kShownBytes), "'"));
  }
}

// Members of one tar, grouped into samples.
class ShardSamples {
 public:
  ShardSamples(const std::filesystem::path& shard, Dataset& dataset)
      : shard_(shard), reader_(shard), dataset_(dataset) {}

  // Returns the shard's sha256.
  std::string run() {
    while (const auto member = reader_.next()) {
      const auto name = split_member_name(member->name);
      if (!name || !member->is_file) continue;
      const std::filesystem::path where = cat(shard_.string(), ": ", member->name);
      const bool repeated =
          std::find(extensions_.begin(), extensions_.end(), name->extension) != extensions_.end();
      if (name->key != sample_.key || repeated) close_sample();
      sample_.key = name->key;
      extensions_.push_back(name->extension);
      if (image_extension_index(name->extension)) {
        if (!sample_.image.empty()) throw wrong("a sample has two images", where);
        sample_.image = reader_.read_all();
        if (sample_.image.empty()) throw wrong("an image is empty", where);
      } else if (name->extension == "cls") {
        sample_.label = whole_number(text_content(), where);
      } else if (name->extension == "txt") {
        sample_.captions = lines_of(text_content(), where);
      }
    }
    close_sample();
    return reader_.sha256();
  }

 private:
  std::string text_content() {
    const auto bytes = reader_.read_all();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void close_sample() {
    if (extensions_.empty()) return;
    if (sample_.image.empty()) {
      std::string found;
      for (const std::string& extension : extensions_)
        found += (found.empty() ? "." : ", .") + extension;
      throw wrong("a sample has no image", cat(shard_.string(), ": ", sample_.key),
                  "KEY.{webp,png,jpg,jpeg}", "only " + shortened(found, kShownBytes));
    }
    dataset_.samples.push_back(std::exchange(sample_, {}));
    extensions_.clear();
  }

  std::filesystem::path shard_;
  TarReader reader_;
  Dataset& dataset_;
  DatasetSample sample_;
  std::vector<std::string> extensions_;
};

// A class number names a line of classnames.txt; all samples have one or none has.
void check_labels(const Dataset& dataset, const std::filesystem::path& folder) {
  const auto classes = static_cast<std::int64_t>(dataset.classnames.size());
  const bool labelled = dataset.samples.front().label >= 0;
  for (const DatasetSample& sample : dataset.samples) {
    const std::filesystem::path where = cat(folder.string(), ": ", sample.key);
    if ((sample.label >= 0) != labelled)
      throw wrong("some samples have a class and some have none", where);
    if (classes > 0 && sample.label >= classes) {
      throw wrong("a class without a name", where,
                  cat("below ", classes, ", the lines of classnames.txt"), cat(sample.label));
    }
  }
}

}  // namespace

std::vector<std::string> read_class_names(const std::filesystem::path& folder) {
  const auto file = folder / "classnames.txt";
  std::vector<std::string> names = read_optional(file, "a class without a name");
  warn_of_equal_names(names, file);
  return names;
}

std::vector<std::string> read_templates(const std::filesystem::path& folder) {
  const auto file = folder / "zeroshot_classification_templates.txt";
  std::vector<std::string> templates = read_optional(file, "a template without words");
  check_templates(templates, file);
  return templates;
}

namespace {

// What stands in the place of 0.tar and the others, for a message.
std::string tars_there(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".tar") names.push_back(entry.path().filename().string());
  }
  if (names.empty()) return "no tars";
  std::sort(names.begin(), names.end());
  return cat(names.size(), names.size() == 1 ? " tar, " : " tars, the first ",
             shortened(names.front(), kShownBytes));
}

}  // namespace

std::int64_t read_shard_count(const std::filesystem::path& split_folder) {
  if (!std::filesystem::is_directory(split_folder)) {
    throw wrong("the data set has no such split", split_folder, "a folder with nshards.txt");
  }
  const auto file = split_folder / "nshards.txt";
  std::string number = read_data_file(file);
  // A byte order mark means nothing, as in the other files.
  if (number.starts_with("\xEF\xBB\xBF")) number.erase(0, 3);
  const std::int64_t shards = whole_number(number, file);
  for (std::int64_t i = 0; i < shards; ++i) {
    const auto shard = split_folder / cat(i, ".tar");
    if (std::filesystem::exists(shard)) continue;
    throw wrong("a shard of the data set is missing", shard,
                cat(shards, " shards, as nshards.txt says: 0.tar to ", shards - 1, ".tar"),
                tars_there(split_folder));
  }
  const auto beyond = split_folder / cat(shards, ".tar");
  if (std::filesystem::exists(beyond)) {
    log::warning(cat(beyond.string(), ": not read, as nshards.txt says ", shards, " shards"));
  }
  return shards;
}

Dataset read_dataset(const std::filesystem::path& folder, const std::string& split) {
  Dataset dataset;
  if (!std::filesystem::is_directory(folder))
    throw wrong("the data set does not exist", folder, "a folder");
  const auto split_folder = folder / split;
  const std::int64_t shards = read_shard_count(split_folder);
  dataset.classnames = read_class_names(folder);
  dataset.templates = read_templates(folder);
  Sha256 digest;
  for (std::int64_t i = 0; i < shards; ++i) {
    digest.update(ShardSamples(split_folder / cat(i, ".tar"), dataset).run() + "\n");
  }
  if (dataset.samples.empty()) throw wrong("the data set has no samples", split_folder);
  check_labels(dataset, split_folder);
  dataset.fingerprint = digest.hex();
  return dataset;
}

}  // namespace helip::data
