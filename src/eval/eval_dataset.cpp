#include "eval/eval_dataset.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/corpus/tar_reader.h"
#include "data/corpus/webdataset.h"
#include "data/text/caption.h"
#include "data/text/text_lines.h"
#include "eval/shard_samples.h"

namespace helip::eval {
namespace {

constexpr std::size_t kShownBytes = 80;  // of what a message quotes

std::vector<std::string> lines_of(std::string_view text, const std::filesystem::path& where) {
  if (!is_valid_utf8(text)) {
    const bool utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
    throw dataset_error("text is not valid UTF-8", where, "UTF-8",
                        utf16 ? "UTF-16" : "other bytes");
  }
  return data::python_lines(text);
}

std::string read_data_file(const std::filesystem::path& file) {
  if (!is_file(file))
    throw dataset_error("a file of the data set is missing", file, "a file", helip::kind_of(file));
  return read_text_file(file);
}

// True for what json.dump writes of a list of texts.
bool is_json_list(const std::string& text) {
  const std::string list = data::trimmed(text);
  return list.starts_with('[') && list.ends_with(']') &&
         data::trimmed(list.substr(1)).starts_with('"');
}

// The lines of a file that may be missing. Blank ones keep their positions, as in clip_benchmark.
// `line` and `blank`: what a line holds and what a blank one counts as, for messages.
std::vector<std::string> read_optional(const std::filesystem::path& file, std::string_view line,
                                       std::string_view blank) {
  if (!std::filesystem::exists(file)) return {};
  const std::string text = read_data_file(file);
  if (is_json_list(text)) {
    throw dataset_error("the file is a JSON list", file, cat(line, " a line"),
                        cat("'", shortened(data::trimmed(text), kShownBytes), "'"));
  }
  std::vector<std::string> lines = lines_of(text, file);
  if (const std::string numbers = data::blank_lines(lines); !numbers.empty()) {
    log::warning(cat(file.string(), ": blank lines (", numbers, "): each counts as ", blank));
  }
  return lines;
}

std::int64_t whole_number(const std::string& text, const std::filesystem::path& where) {
  const std::string digits = data::trimmed(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    throw dataset_error("not a number", where, "a whole number, 0 or more",
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
    throw dataset_error(
        has_class ? "a template with another placeholder than {c}" : "a template without its class",
        cat(file.string(), ":", i + 1), "{c} in each line",
        cat("'", shortened(text, kShownBytes), "'"));
  }
}

// Adds a shard's samples to `dataset`. Returns the shard's sha256.
std::string read_shard(const std::filesystem::path& shard, Dataset& dataset) {
  data::TarReader reader(shard);
  DatasetSample sample;
  const auto text = [&] {
    const auto bytes = reader.read_all();
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto take = [&](const std::string& where, const data::MemberName& name) {
    if (data::image_extension_index(name.extension)) {
      sample.image = reader.read_all();
    } else if (name.extension == "cls") {
      sample.label = label_in(text(), where);
    } else if (name.extension == "txt") {
      sample.captions = captions_in(text(), where);
    }
  };
  const auto close = [&](const std::string& key) {
    sample.key = key;
    dataset.samples.push_back(std::exchange(sample, {}));
  };
  std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  const std::size_t before = dataset.samples.size();
  read_samples(reader, shard, all, take, close);
  if (!reader.has_end_mark()) warn_of_end(shard, dataset.samples.size() - before);
  return reader.sha256();
}

// Names the tars that are there instead of 0.tar and the others, for a message.
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

std::vector<std::string> read_class_names(const std::filesystem::path& folder) {
  const auto file = folder / "classnames.txt";
  std::vector<std::string> names = read_optional(file, "a class", "a class without a name");
  warn_of_equal_names(names, file);
  return names;
}

std::vector<std::string> read_templates(const std::filesystem::path& folder) {
  const auto file = folder / "zeroshot_classification_templates.txt";
  std::vector<std::string> templates =
      read_optional(file, "a template", "a template without words");
  check_templates(templates, file);
  return templates;
}

std::int64_t label_in(const std::string& text, const std::string& where) {
  return whole_number(text, where);
}

std::vector<std::string> captions_in(const std::string& text, const std::string& where) {
  return lines_of(text, where);
}

void LabelRule::take(std::int64_t label, const std::string& key, const std::string& where) {
  const bool has_label = label >= 0;
  if (!labelled_) {
    labelled_ = has_label;
    first_key_ = key;
  }
  if (has_label != *labelled_) {
    throw dataset_error("some samples have a class and some have none", where,
                        "KEY.cls in each sample or in none",
                        cat(has_label ? "a .cls" : "no .cls", " here, unlike in ",
                            shortened(first_key_, kShownBytes)));
  }
  if (classes_ == 0 || label < static_cast<std::int64_t>(classes_)) return;
  throw dataset_error("a label that is none of the classes", where,
                      cat("0 to ", classes_ - 1, ", a line of classnames.txt each"),
                      cat("'", label, "'"));
}

DataError dataset_error(const std::string& what, const std::filesystem::path& where,
                        const std::string& expected, const std::string& found) {
  return DataError({.what = what, .where = where.string(), .expected = expected, .found = found});
}

DataError no_samples(const std::filesystem::path& split_folder, std::int64_t shards) {
  return dataset_error("the data set has no samples", split_folder, "samples in its tars",
                       cat("none in ", shards, " tars"));
}

std::int64_t read_shard_count(const std::filesystem::path& split_folder) {
  if (!std::filesystem::is_directory(split_folder)) {
    throw dataset_error("the data set has no such split", split_folder, "a folder with nshards.txt",
                        std::filesystem::exists(split_folder) ? "a file" : "no such folder");
  }
  const auto file = split_folder / "nshards.txt";
  std::string number = read_data_file(file);
  // A byte order mark means nothing, as in the other files.
  if (number.starts_with("\xEF\xBB\xBF")) number.erase(0, 3);
  const std::int64_t shards = whole_number(number, file);
  for (std::int64_t i = 0; i < shards; ++i) {
    const auto shard = split_folder / cat(i, ".tar");
    if (std::filesystem::exists(shard)) continue;
    throw dataset_error("a shard of the data set is missing", shard,
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
    throw dataset_error("the data set does not exist", folder, "a folder",
                        std::filesystem::exists(folder) ? "a file" : "no such folder");
  const auto split_folder = folder / split;
  const std::int64_t shards = read_shard_count(split_folder);
  dataset.classnames = read_class_names(folder);
  dataset.templates = read_templates(folder);
  Sha256 digest;
  for (std::int64_t i = 0; i < shards; ++i) {
    digest.update(read_shard(split_folder / cat(i, ".tar"), dataset) + "\n");
  }
  if (dataset.samples.empty()) throw no_samples(split_folder, shards);
  LabelRule labels(dataset.classnames.size());
  for (const DatasetSample& sample : dataset.samples) {
    labels.take(sample.label, sample.key, cat(split_folder.string(), ": ", sample.key));
  }
  dataset.fingerprint = digest.hex();
  return dataset;
}

}  // namespace helip::eval
