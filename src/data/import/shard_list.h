// Finds the tar files that a corpus source names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace helip::data {

// Returns the absolute paths of the tars that `source` names: a tar, a folder of tars, a glob,
// WebDataset's braces (cc3m/{00000..00331}.tar, {a,b}.tar), or several of these joined by "::".
// Folders and globs give their files in the byte order of their names. A folder gives no hidden
// files (common/hidden.h); a wildcard matches no leading dot. Throws DataError if a file is
// missing, nothing matches, a file comes twice, or a folder also holds what would be left out
// (expect_one_kind in folder_content.h).
std::vector<std::filesystem::path> list_shards(const std::string& source);

// Returns true if `source` means tars: its name ends in .tar or as a compressed tar's, it holds
// "::", it is a folder with tars in it or a file that begins as a tar does, or it is no file but a
// pattern. Throws DataError if a folder cannot be read.
bool means_shards(const std::string& source);

}  // namespace helip::data
