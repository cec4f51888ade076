// Opens what people name as a corpus: a corpus folder, or sources that are indexed or imported
// first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "config/run_config.h"

namespace helip::data {

// Makes or reuses the index of a corpus. `config.path` is a corpus folder with manifest.json (then
// nothing is written and its folder is returned), a tar list ({00000..00331}.tar, a::b, glob) or a
// folder of tars (then manifest and index are published in `index_folder`, which is returned), or a
// table (OpenCLIP's columns) or folder of images (then its pairs are copied into shards once, as
// import_corpus does, with config.max_quarantined as its limit: `index_folder`/imported is
// returned). An index is reused while names, sizes and times of the files are the same and its
// digests fit. `progress(done, total)` counts shards, pairs when copying. Throws DataError as
// scan_shards and import_corpus do.
std::filesystem::path open_or_index(
    const config::CorpusConfig& config, const std::filesystem::path& index_folder,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace helip::data
