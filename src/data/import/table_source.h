// The pairs of a table of image paths and captions, for `data import`.
#pragma once

#include <filesystem>
#include <memory>

#include "data/import/import_source.h"

namespace helip::data {

// Opens a table as a source. Paths in the table are relative to the table's folder. Throws as
// read_csv_table (csv.h), and DataError if the table has no rows.
std::unique_ptr<ImportSource> table_source(const std::filesystem::path& file,
                                           const SourceOptions& options);

}  // namespace helip::data
