// Every file below a folder, links followed.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "data/import/import_problem.h"

namespace helip::data {

struct FolderFiles {
  std::vector<std::string> files;      // relative to the folder, in byte order
  std::set<std::string> broken_links;  // those of `files` that lead nowhere
  std::vector<ImportProblem> notes;    // folders that were not entered, and why
};

// Passes over hidden entries (common/hidden.h) and the folders that `output` names, of a whole and
// an unfinished import. Links to folders are followed after all real folders, each folder is read
// once; a link to one that was read or that lies around it is noted. So are corpus folders of ours,
// which are no part of the folder. Throws DataError if a folder cannot be read.
FolderFiles files_below(const std::filesystem::path& folder,
                        const std::filesystem::path& output = {});

}  // namespace helip::data
