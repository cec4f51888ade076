// What a folder has to import: images with captions beside them, or tars.
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
  std::vector<ImportProblem> problems;  // what is no pair, and what is to be named
  std::vector<std::string> tars;        // .tar, in whatever case, in byte order
  std::vector<std::string> packed_tars;
  std::vector<std::string> unnamed_tars;  // by their bytes and not by their names
  std::string table;  // the first file that a table may be in by its name; may be empty
};

// Reads the tree below `folder` (folder_walk.h). An image belongs to the .txt of its stem; case of
// extensions does not matter. Images that are none by their names are named. Throws DataError if a
// folder cannot be read.
FolderContent read_folder(const std::filesystem::path& folder,
                          const std::filesystem::path& output = {});

// A folder is tars, which lie in it, or pairs, which lie anywhere below it: throws DataError that
// names what it holds beside the one or the other, which would be left out in silence.
void expect_one_kind(const FolderContent& content, const std::filesystem::path& folder);

// By the name alone: NAME.tar; NAME.tar.gz, NAME.tgz and their like.
bool is_tar_name(const std::string& name);
bool is_packed_tar_name(const std::string& name);

}  // namespace helip::data
