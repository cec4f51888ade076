#include "eval/eval_dataset.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <string_view>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "eval/dataset_text.h"
#include "eval/image_folder.h"
#include "eval/webdataset_split.h"

namespace helip::eval {
namespace {

constexpr std::size_t kShownBytes = 80;  // of what a message quotes

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

}  // namespace

std::vector<std::string> probe_splits(const config::EvalDataset& dataset) {
  const auto& tasks = dataset.tasks;
  if (std::find(tasks.begin(), tasks.end(), config::EvalTask::kLinearProbe) == tasks.end())
    return {};
  std::vector<std::string> splits = {std::string(kTrainSplit)};
  if (!dataset.validation_split.empty()) splits.push_back(dataset.validation_split);
  return splits;
}

std::vector<std::string> read_class_names(const std::filesystem::path& folder) {
  const auto file = folder / kClassNamesFile;
  std::vector<std::string> names = optional_lines(file, "a class", "a class without a name");
  warn_of_equal_names(names, file);
  return names;
}

std::vector<std::string> read_templates(const std::filesystem::path& folder) {
  const auto file = folder / kTemplatesFile;
  std::vector<std::string> templates =
      optional_lines(file, "a template", "a template without words");
  check_templates(templates, file);
  return templates;
}

std::vector<std::string> classes_of_split(const std::filesystem::path& folder,
                                          const std::string& split) {
  std::vector<std::string> names = read_class_names(folder);
  if (!is_image_folder(folder / split)) return names;
  std::vector<std::string> folders = class_folders(folder / split);
  if (names.empty()) return folders;
  if (names.size() == folders.size()) return names;
  throw dataset_error(
      "class names and class folders do not match", folder / kClassNamesFile,
      cat(folders.size(), " lines, one for each folder of ", split, " in the order of their names"),
      cat(names.size(), " lines"));
}

void LabelRule::take(const Labels& labels, const std::string& key, const std::string& where) {
  const bool has_label = !labels.empty();
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
  for (const std::int64_t label : labels) {
    if (std::count(labels.begin(), labels.end(), label) > 1) {
      throw dataset_error("a sample has a label twice", where, "each label once",
                          cat("'", label, "'"));
    }
    if (classes_ == 0 || label < static_cast<std::int64_t>(classes_)) continue;
    throw dataset_error("a label that is none of the classes", where,
                        cat("0 to ", classes_ - 1, ", a line of classnames.txt each"),
                        cat("'", label, "'"));
  }
}

DataError dataset_error(const std::string& what, const std::filesystem::path& where,
                        const std::string& expected, const std::string& found) {
  return DataError({.what = what, .where = where.string(), .expected = expected, .found = found});
}

Dataset read_dataset(const std::filesystem::path& folder, const std::string& split) {
  Dataset dataset;
  if (!std::filesystem::is_directory(folder))
    throw dataset_error("the data set does not exist", folder, "a folder",
                        std::filesystem::exists(folder) ? "a file" : "no such folder");
  const auto split_folder = folder / split;
  dataset.classnames = classes_of_split(folder, split);
  dataset.templates = read_templates(folder);
  if (is_image_folder(split_folder)) {
    read_image_folder(split_folder, dataset);
    return dataset;
  }
  read_webdataset_split(split_folder, dataset);
  LabelRule labels(dataset.classnames.size());
  for (const DatasetSample& sample : dataset.samples) {
    labels.take(sample.labels, sample.key, cat(split_folder.string(), ": ", sample.key));
  }
  return dataset;
}

std::vector<std::byte> read_image(const Dataset& dataset, const DatasetSample& sample) {
  const std::filesystem::path& path = dataset.files.at(sample.image.file);
  std::ifstream file(path, std::ios::binary);
  std::vector<std::byte> bytes(sample.image.size);
  file.seekg(static_cast<std::streamoff>(sample.image.offset));
  if (!file.read(reinterpret_cast<char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()))) {
    throw dataset_error("an image cannot be read", path, cat(bytes.size(), " bytes"),
                        file.is_open() ? "fewer" : "a file that does not open");
  }
  return bytes;
}

}  // namespace helip::eval
