// A split in clip_benchmark's WebDataset layout: SPLIT/{nshards.txt,0.tar,1.tar,…}, in the tars
// KEY.{webp,png,jpg,jpeg} with KEY.cls or KEY.txt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/error.h"
#include "eval/eval_dataset.h"

namespace helip::eval {

// Returns the number of shards from SPLIT/nshards.txt. Throws DataError if there is no such split
// or number, or a shard is missing. Logs a warning of a shard beyond the number.
std::int64_t read_shard_count(const std::filesystem::path& split_folder);

// Returns the classes in a .cls file: whole numbers, white space between several. `where` names the
// member. Throws DataError for what is not a whole number of 0 or more.
Labels labels_in(const std::string& text, const std::string& where);
// Returns the captions in a .txt file, one a line; blank lines stay. Throws DataError for captions
// that are not UTF-8.
std::vector<std::string> captions_in(const std::string& text, const std::string& where);

// Returns the error of a split whose shards hold no sample.
DataError no_samples(const std::filesystem::path& split_folder, std::int64_t shards);

// Adds the split's samples and shards to `dataset` and sets its fingerprint. Throws DataError
// naming what is missing or damaged. Logs a warning of a shard without an end mark.
void read_webdataset_split(const std::filesystem::path& split_folder, Dataset& dataset);

}  // namespace helip::eval
