#include "model/files/folder_draft.h"

#include <unistd.h>

#include <system_error>
#include <utility>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::model {
namespace {

// "out/" and "out" are one folder, whose draft is a sibling.
std::filesystem::path without_slash(std::filesystem::path path) {
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

FolderDraft::FolderDraft(std::filesystem::path final_path)
    : final_path_(without_slash(std::move(final_path))),
      path_(final_path_.string() + cat(".tmp.", ::getpid())) {
  std::error_code error;
  if (std::filesystem::exists(final_path_)) {
    throw StoreError({.what = "the model's folder is there already",
                      .where = final_path_.string(),
                      .expected = "a new folder"});
  }
  std::filesystem::remove_all(path_, error);
  if (!error) std::filesystem::create_directories(path_, error);
  if (error) {
    throw StoreError(
        {.what = "cannot make the folder", .where = path_.string(), .found = error.message()});
  }
}

FolderDraft::~FolderDraft() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

void FolderDraft::publish() {
  publish_folder(path_, final_path_);
  path_.clear();
}

}  // namespace helip::model
