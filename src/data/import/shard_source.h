// The pairs of WebDataset tars, for `data import`.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "data/import/import_source.h"

namespace helip::data {

// Opens tars as a source. `resizes_first`: CorpusManifest::resizes_first of the corpus that the
// shards belong to. Throws as scan_shards.
std::unique_ptr<ImportSource> shard_source(const std::vector<std::filesystem::path>& shards,
                                           const SourceOptions& options, bool resizes_first);

}  // namespace helip::data
