// A folder written under a temporary name and published as a whole. Torch-free.
#pragma once

#include <filesystem>

namespace helip::model {

// Makes an empty folder beside `final_path`; publish() gives it its final name. Without publish()
// the destructor removes it. Throws StoreError if the folder cannot be made, or if final_path is
// there already.
class FolderDraft {
 public:
  explicit FolderDraft(std::filesystem::path final_path);
  ~FolderDraft();
  FolderDraft(const FolderDraft&) = delete;
  FolderDraft& operator=(const FolderDraft&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void publish();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path path_;
};

}  // namespace helip::model
