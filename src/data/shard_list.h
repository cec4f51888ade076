// Which tar files a corpus source means.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace helip::data {

// `source` is a tar, a folder of tars, a glob, WebDataset's braces (cc3m/{00000..00331}.tar,
// {a,b}.tar), or several of these joined by "::". Folders and globs give their files in the byte
// order of their names. Throws DataError if a file is missing, nothing matches, or a file comes
// twice.
std::vector<std::filesystem::path> list_shards(const std::string& source);

// True if `source` can be told to mean tars by its look: it ends in .tar, holds "::", or is a
// folder with tars in it.
bool means_shards(const std::string& source);

}  // namespace helip::data
