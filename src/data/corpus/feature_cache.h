// Features of frozen encoders, kept between jobs: one safetensors file per block of rows. A cache
// is disposable: a file that is damaged or was made with another key counts as absent and is made
// anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace helip::data {

// [rows, dim], row-major.
struct FeatureBlock {
  std::uint64_t rows = 0;
  std::uint64_t dim = 0;
  std::vector<float> values;
};

struct CachedFeatures {
  std::map<std::string, FeatureBlock> blocks;  // by name
  std::string note;                            // text kept with them (the quarantine)
};

// Everything that the features depend on, by name: encoder digest, corpus fingerprint, rows, batch
// size … All of it is written into the file and compared when the file is read.
using FeatureKey = std::map<std::string, std::string>;

// Returns the features that `file` holds. Returns nothing if the file does not exist, if its key
// differs from `key`, or if it is damaged: blocks other than `names`, a number of rows other than
// `rows`, or a wrong digest of the content. Logs a key that differs and damage.
std::optional<CachedFeatures> read_features(const std::filesystem::path& file,
                                            const FeatureKey& key,
                                            const std::set<std::string>& names, std::uint64_t rows);

// Writes `file` atomically and makes its folder if that does not exist. Several workers may write
// the same file at the same time: the last one stays. Throws StoreError if the file cannot be
// written.
void write_features(const std::filesystem::path& file, const FeatureKey& key,
                    const CachedFeatures& features);

}  // namespace helip::data
