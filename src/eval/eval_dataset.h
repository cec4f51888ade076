// Evaluation data sets, in clip_benchmark's layout, FOLDER/SPLIT/{nshards.txt,0.tar,…}
// (eval/webdataset_split.h), or in torchvision's, FOLDER/SPLIT/CLASS/IMAGE (eval/image_folder.h).
// Beside the splits lie classnames.txt and zeroshot_classification_templates.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "config/run_config.h"
#include "eval/metrics.h"

namespace helip::eval {

// Files beside the splits, and the split that a linear probe learns from.
inline constexpr std::string_view kClassNamesFile = "classnames.txt";
inline constexpr std::string_view kTemplatesFile = "zeroshot_classification_templates.txt";
inline constexpr std::string_view kTrainSplit = "train";

// Returns the splits that a linear probe of the data set learns and chooses from; none if no probe
// is wanted.
std::vector<std::string> probe_splits(const config::EvalDataset& dataset);

// Where the bytes of an encoded image lie.
struct ImagePlace {
  std::size_t file = 0;  // index into Dataset::files
  std::uint64_t offset = 0, size = 0;
};

struct DatasetSample {
  std::string key;
  ImagePlace image;
  Labels labels;                      // .cls, or the folder; empty: none
  std::vector<std::string> captions;  // .txt, one a line; blank lines stay
};

struct Dataset {
  // Position i is class i, so that blank lines stay. Empty if the data set has no classes.
  std::vector<std::string> classnames;
  std::vector<std::string> templates;  // with {c}, or blank
  std::vector<DatasetSample> samples;
  std::vector<std::filesystem::path> files;
  std::string fingerprint;  // sha256 over the files' digests, for feature caches
};

// Returns the lines of FOLDER/classnames.txt (data/text/text_lines.h); none if there is no such
// file. Logs a warning of blank lines and of the first name that comes twice. Throws DataError if
// it is not a file, is not UTF-8, or holds a JSON list.
std::vector<std::string> read_class_names(const std::filesystem::path& folder);

// Returns the names of the classes that a split is labelled with: the lines of classnames.txt, or
// without that file the folders of a split in torchvision's layout. Throws DataError as
// read_class_names, and if the lines are not as many as the folders.
std::vector<std::string> classes_of_split(const std::filesystem::path& folder,
                                          const std::string& split);

// Returns the lines of FOLDER/zeroshot_classification_templates.txt; none if there is no such file.
// Logs a warning of blank lines. Throws DataError as read_class_names, and naming a line with words
// and without {c}, or with other braces.
std::vector<std::string> read_templates(const std::filesystem::path& folder);

// The rule for the labels of one split: all samples have labels or none has, each names a class,
// and a sample has a label once.
class LabelRule {
 public:
  // Takes the number of lines of classnames.txt; 0: labels are not compared with it.
  explicit LabelRule(std::size_t classes) : classes_(classes) {}

  // Checks the labels of the next sample. Throws DataError naming `where` if they break the rule.
  void take(const Labels& labels, const std::string& key, const std::string& where);

 private:
  std::size_t classes_;
  std::optional<bool> labelled_;  // true: the first sample has a label
  std::string first_key_;
};

// Returns an error about a data set; `where`: a file or folder.
DataError dataset_error(const std::string& what, const std::filesystem::path& where,
                        const std::string& expected, const std::string& found);

// Reads one split but for its images. Throws DataError naming what is missing or damaged. Logs a
// warning of a shard without an end mark.
Dataset read_dataset(const std::filesystem::path& folder, const std::string& split);

// Returns the encoded image of a sample. Any thread. Throws DataError if its file cannot be read.
std::vector<std::byte> read_image(const Dataset& dataset, const DatasetSample& sample);

}  // namespace helip::eval
