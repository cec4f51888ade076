// Opens what a configuration names as a corpus: a corpus folder, or sources that are indexed or
// imported first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "config/run_config.h"

namespace helip::data {

// Returns the folder of the index that belongs to `config.path`; makes the index if there is none.
// For a corpus folder with manifest.json it writes nothing and returns that folder. For a tar list
// ({00000..00331}.tar, a::b, glob) or a folder of tars it publishes manifest and index in
// `index_folder` and returns `index_folder`. For a table (OpenCLIP's columns) or a folder of images
// it copies the pairs into shards, as import_corpus does with max_left_out =
// config.max_quarantined, and returns `index_folder`/imported. Reuses an index while names, sizes
// and times of the files are the same and its digests fit. `progress(done, total)` counts shards,
// or pairs when copying. Throws as list_shards, scan_shards and import_corpus; DataError if a
// corpus folder was indexed with another caption key; ConfigError for wrong options of a table.
std::filesystem::path open_or_index(
    const config::CorpusConfig& config, const std::filesystem::path& index_folder,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace helip::data
