// The pairs of WebDataset tars, for `data import`.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "data/import/import_source.h"

namespace helip::data {

// `resizes_first`: CorpusManifest's, of the corpus that the shards are. Throws DataError if a shard
// cannot be read, or there is no pair in any.
std::unique_ptr<ImportSource> shard_source(const std::vector<std::filesystem::path>& shards,
                                           const SourceOptions& options, bool resizes_first);

}  // namespace helip::data
