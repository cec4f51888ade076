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
  std::set<std::string> broken_links;  // the links in `files` that lead nowhere
  std::vector<ImportProblem> notes;    // folders that were not entered, and why
};

// Returns the files below `folder`. Skips hidden entries (common/hidden.h) and the two folders of
// an import into `output`: `output` itself and OUTPUT.import. Follows links to folders after all
// real folders and reads each folder once. Does not enter, but notes, a link to a folder that was
// read already or that contains the link, and the folders of corpora and unfinished imports. Throws
// DataError if a folder cannot be read.
FolderFiles files_below(const std::filesystem::path& folder,
                        const std::filesystem::path& output = {});

}  // namespace helip::data
