// Evaluation data sets in clip_benchmark's WebDataset layout:
// FOLDER/{train,test}/{nshards.txt,0.tar,…}, classnames.txt, zeroshot_classification_templates.txt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace helip::data {

struct DatasetSample {
  std::string key;
  std::vector<std::byte> image;       // encoded
  std::int64_t label = -1;            // .cls, or -1
  std::vector<std::string> captions;  // .txt, one a line
};

struct Dataset {
  std::vector<std::string> classnames;  // empty if the data set has no classes
  std::vector<std::string> templates;   // with {c}
  std::vector<DatasetSample> samples;
  std::string fingerprint;  // sha256 over the shards' digests, for feature caches
};

// Lines of FOLDER/classnames.txt; none if there is no such file. Throws DataError: not UTF-8.
std::vector<std::string> read_class_names(const std::filesystem::path& folder);

// The same of FOLDER/zeroshot_classification_templates.txt. Throws DataError naming a line without
// {c}.
std::vector<std::string> read_templates(const std::filesystem::path& folder);

// The number in FOLDER/SPLIT/nshards.txt. Throws DataError: no such split, no such number, a shard
// is missing.
std::int64_t read_shard_count(const std::filesystem::path& split_folder);

// Reads one split into memory (encoded bytes). Throws DataError naming what is missing or damaged.
Dataset read_dataset(const std::filesystem::path& folder, const std::string& split);

}  // namespace helip::data
