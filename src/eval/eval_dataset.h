// Evaluation data sets in clip_benchmark's WebDataset layout:
// FOLDER/{train,test}/{nshards.txt,0.tar,…}, classnames.txt, zeroshot_classification_templates.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/error.h"

namespace helip::eval {

struct DatasetSample {
  std::string key;
  std::vector<std::byte> image;       // encoded
  std::int64_t label = -1;            // .cls, or -1
  std::vector<std::string> captions;  // .txt, one a line; blank lines stay
};

struct Dataset {
  // Position i is class i, so that blank lines stay. Empty if the data set has no classes.
  std::vector<std::string> classnames;
  std::vector<std::string> templates;  // with {c}, or blank
  std::vector<DatasetSample> samples;
  std::string fingerprint;  // sha256 over the shards' digests, for feature caches
};

// Returns the lines of FOLDER/classnames.txt (data/text/text_lines.h); none if there is no such
// file. Logs a warning of blank lines and of the first name that comes twice. Throws DataError if
// it is not a file, is not UTF-8, or holds a JSON list.
std::vector<std::string> read_class_names(const std::filesystem::path& folder);

// Returns the lines of FOLDER/zeroshot_classification_templates.txt; none if there is no such file.
// Logs a warning of blank lines. Throws DataError as read_class_names, and naming a line with words
// and without {c}, or with other braces.
std::vector<std::string> read_templates(const std::filesystem::path& folder);

// Returns the number of shards from FOLDER/SPLIT/nshards.txt. Throws DataError if there is no such
// split or number, or a shard is missing. Logs a warning of a shard beyond the number.
std::int64_t read_shard_count(const std::filesystem::path& split_folder);

// Return the class in a .cls file and the captions in a .txt file, one a line; blank lines stay.
// `where` names the member. Throw DataError for a label that is not a whole number of 0 or more,
// and for captions that are not UTF-8.
std::int64_t label_in(const std::string& text, const std::string& where);
std::vector<std::string> captions_in(const std::string& text, const std::string& where);

// The rule for the labels of one split: all samples have one or none has, and each names a class.
class LabelRule {
 public:
  // Takes the number of lines of classnames.txt; 0: labels are not compared with it.
  explicit LabelRule(std::size_t classes) : classes_(classes) {}

  // Checks the label of the next sample, -1 if it has none. Throws DataError naming `where` if it
  // breaks the rule.
  void take(std::int64_t label, const std::string& key, const std::string& where);

 private:
  std::size_t classes_;
  std::optional<bool> labelled_;  // true: the first sample has a label
  std::string first_key_;
};

// Returns an error about a data set; `where`: a file or folder.
DataError dataset_error(const std::string& what, const std::filesystem::path& where,
                        const std::string& expected, const std::string& found);

// Returns the error of a split whose shards hold no sample.
DataError no_samples(const std::filesystem::path& split_folder, std::int64_t shards);

// Reads one split into memory, images encoded. Throws DataError naming what is missing or damaged.
// Logs a warning of a shard without an end mark.
Dataset read_dataset(const std::filesystem::path& folder, const std::string& split);

}  // namespace helip::eval
