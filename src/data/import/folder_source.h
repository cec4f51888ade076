// The pairs of a folder of images with captions beside them, for `data import`.
#pragma once

#include <filesystem>
#include <memory>

#include "data/import/import_source.h"

namespace helip::data {

// Opens a folder as a source. Throws DataError if a folder cannot be read, or if the folder holds
// tars, too (folder_content.h), or no pair.
std::unique_ptr<ImportSource> folder_source(const std::filesystem::path& folder,
                                            const SourceOptions& options);

}  // namespace helip::data
