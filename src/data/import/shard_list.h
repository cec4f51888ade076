// Which tar files a corpus source means.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace helip::data {

// `source` is a tar, a folder of tars, a glob, WebDataset's braces (cc3m/{00000..00331}.tar,
// {a,b}.tar), or several of these joined by "::". Folders and globs give their files in the byte
// order of their names, without hidden ones (common/hidden.h). Throws DataError if a file is
// missing, nothing matches, a file comes twice, or a folder holds compressed tars, tars in
// subfolders or images with captions besides, which would be left out.
std::vector<std::filesystem::path> list_shards(const std::string& source);

// True if `source` can be told to mean tars by its look: it ends in .tar, also a compressed one's,
// holds "::", is a folder with tars in it, a file that begins as a tar does, or no file but a
// pattern.
bool means_shards(const std::string& source);

}  // namespace helip::data
