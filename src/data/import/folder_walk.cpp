#include "data/import/folder_walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "common/error.h"
#include "common/hidden.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"
#include "store/array_files.h"

namespace helip::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReadAlready = "a link to a folder that is read under another name";
constexpr const char* kAround = "a link to a folder around it, which is not followed";
constexpr const char* kCorpusFolder = "a corpus folder, which is imported by its own name";

DataError unreadable(const fs::path& folder, const std::string& reason) {
  return DataError({.what = "cannot read the folder",
                    .where = folder.string(),
                    .expected = "a folder that may be listed and entered",
                    .found = reason});
}

// True if `inner` is `outer` or lies in it; both without links.
bool lies_in(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

bool is_corpus(const fs::path& folder) {
  return (is_file(folder / "manifest.json") && is_file(folder / store::kIndexFile)) ||
         (is_file(folder / "progress.jsonl") && is_folder(folder / "corpus"));
}

class Walk {
 public:
  Walk(const fs::path& folder, const fs::path& output) : folder_(folder), root_(real(folder)) {
    if (output.empty()) return;
    std::error_code error;
    output_ = fs::weakly_canonical(
        without_last_slash(fs::absolute(output, error).lexically_normal()), error);
  }

  FolderFiles run() {
    open_.emplace_back();
    while (!open_.empty() || !links_.empty()) {
      while (!open_.empty()) {
        const std::string folder = std::move(open_.back());
        open_.pop_back();
        read(folder);
      }
      if (!links_.empty()) follow(links_.extract(links_.begin()).value());
    }
    std::sort(found_.files.begin(), found_.files.end());
    std::sort(found_.notes.begin(), found_.notes.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
    return std::move(found_);
  }

 private:
  static fs::path real(const fs::path& path) {
    std::error_code error;
    fs::path result = fs::canonical(path, error);
    if (error) throw unreadable(path, error.message());
    return result;
  }

  void note(const std::string& name, const char* reason) {
    found_.notes.push_back({name, name, reason, {}, 0});
  }

  void follow(const std::string& link) {
    const fs::path target = real(folder_ / link);
    const fs::path place = real((folder_ / link).parent_path());
    if (lies_in(place, target) || lies_in(root_, target)) {
      note(link, kAround);
    } else {
      open_.push_back(link);
    }
  }

  // `name` is empty for the folder itself.
  void read(const std::string& name) {
    const fs::path folder = name.empty() ? folder_ : folder_ / name;
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) throw unreadable(folder, why_not_there(folder));
    if (!read_.emplace(status.st_dev, status.st_ino).second) {
      note(name, kReadAlready);
      return;
    }
    if (!name.empty() && is_output(folder)) return;
    if (!name.empty() && is_corpus(folder)) {
      note(name, kCorpusFolder);
      return;
    }
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) add(name, *entry);
    if (error) throw unreadable(folder, error.message());
  }

  [[nodiscard]] bool is_output(const fs::path& folder) const {
    if (output_.empty()) return false;
    const fs::path path = real(folder);
    return path == output_ || path == fs::path(output_.string() + ".import");
  }

  void add(const std::string& folder, const fs::directory_entry& entry) {
    const std::string base = entry.path().filename().string();
    if (is_hidden(base)) return;
    std::string name = folder.empty() ? base : cat(folder, "/", base);
    std::error_code ignored;
    const bool is_link = entry.is_symlink(ignored);
    if (is_folder(entry.path())) {
      if (is_link) {
        links_.insert(std::move(name));
      } else {
        open_.push_back(std::move(name));
      }
      return;
    }
    if (is_link && !is_there(entry.path())) found_.broken_links.insert(name);
    found_.files.push_back(std::move(name));
  }

  fs::path folder_;
  fs::path root_;  // folder_ without links
  fs::path output_;
  std::vector<std::string> open_;  // folders to read
  std::set<std::string> links_;    // links to folders, to follow once all real folders are read
  std::set<std::pair<dev_t, ino_t>> read_;
  FolderFiles found_;
};

}  // namespace

FolderFiles files_below(const fs::path& folder, const fs::path& output) {
  return Walk(folder, output).run();
}

}  // namespace helip::data
