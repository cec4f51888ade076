// The pairs of a table of image paths and captions, for `data import`.
#pragma once

#include <filesystem>
#include <memory>

#include "data/import/import_source.h"

namespace helip::data {

// Paths in the table are relative to its folder. Throws DataError if it cannot be read as a table
// (csv.h) or has no rows.
std::unique_ptr<ImportSource> table_source(const std::filesystem::path& file,
                                           const SourceOptions& options);

}  // namespace helip::data
