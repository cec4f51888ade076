// Finds the content of a folder for an import: images with captions beside them, or tars.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/import/import_problem.h"

namespace helip::data {

struct ImagePair {
  std::string image;  // relative to the folder
  std::string caption;
};

struct FolderContent {
  std::vector<ImagePair> pairs;         // in the byte order of the images' paths
  std::vector<ImportProblem> problems;  // what is no pair, and notes
  std::vector<std::string> tars;        // names end in .tar, in any case; in byte order
  std::vector<std::string> packed_tars;
  std::vector<std::string> unnamed_tars;  // tars by their bytes but not by their names
  std::string table;                      // the first file with a table's extension, or empty
};

// Reads the tree below `folder` (folder_walk.h). An image belongs to the .txt of its stem; case of
// extensions does not matter. Files that are images by their bytes alone become notes in
// `problems`. Throws DataError if a folder cannot be read.
FolderContent read_folder(const std::filesystem::path& folder,
                          const std::filesystem::path& output = {});

// Throws DataError if an import of the folder would leave out a part of it in silence. A folder is
// read either as the tars in it or as the pairs anywhere below it, so the error names compressed
// tars and, if there are tars, also pairs, tars whose names do not end in .tar, and tars in
// subfolders.
void expect_one_kind(const FolderContent& content, const std::filesystem::path& folder);

// Return true by the name alone, in any case: is_tar_name for NAME.tar, is_packed_tar_name for
// compressed tars (NAME.tar.gz, NAME.tgz and others).
bool is_tar_name(const std::string& name);
bool is_packed_tar_name(const std::string& name);

}  // namespace helip::data
