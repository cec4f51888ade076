// Features of frozen encoders, kept between jobs: one safetensors file per block of rows. A cache
// is disposable: a file that is damaged or was made otherwise counts as absent and is made anew.
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

// Everything the features are a function of, by name: encoder digest, corpus fingerprint, rows,
// batch size … All of it is written into the file and compared when it is read.
using FeatureKey = std::map<std::string, std::string>;

// Nothing if there is no such file, if its key differs, or if it is damaged (other blocks or
// another number of rows, digest of the content); the latter two go to the log.
std::optional<CachedFeatures> read_features(const std::filesystem::path& file,
                                            const FeatureKey& key,
                                            const std::set<std::string>& names, std::uint64_t rows);

// Publishes atomically; the folder is made if it is not there. Workers may write the same file at
// the same time: the last one stays.
void write_features(const std::filesystem::path& file, const FeatureKey& key,
                    const CachedFeatures& features);

}  // namespace helip::data
