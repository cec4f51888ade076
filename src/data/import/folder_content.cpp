#include "data/import/folder_content.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "common/error.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "data/corpus/file_kind.h"
#include "data/corpus/unpaired_list.h"
#include "data/corpus/webdataset.h"
#include "data/import/folder_walk.h"

namespace helip::data {
namespace {

constexpr const char* kSharedCaption = "a second image of one caption; both are kept";
constexpr const char* kSecondCaption = "a second caption of an image, which is not used";
constexpr const char* kBrokenLink = "a link that leads nowhere";

// Files of one stem.
struct Stem {
  std::vector<std::string> images;
  std::vector<std::string> unread;  // images in formats that are not read
  std::vector<std::string> captions;
  std::vector<std::string> unknown;  // files without a known extension
  std::string other;                 // the first file of another kind
};

std::string extension_of(std::string_view name) {
  const std::size_t base = name.rfind('/') + 1;
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot <= base) return {};
  return lower_case(name.substr(dot + 1));
}

bool is_table_extension(std::string_view extension) {
  constexpr std::array<std::string_view, 6> kTables = {"csv",  "tsv",     "jsonl",
                                                       "xlsx", "parquet", "ndjson"};
  return std::find(kTables.begin(), kTables.end(), extension) != kTables.end();
}

ImportProblem problem(const std::string& file, const char* reason, std::string detail = {},
                      std::uint64_t samples = 1) {
  return {file, file, reason, std::move(detail), samples};
}

// The first bytes; none of what is no regular file or cannot be read.
std::string head_of(const std::filesystem::path& file) {
  std::string head(kFileHeadBytes, '\0');
  if (!is_file(file)) return {};
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(stream.gcount()));
  return head;
}

class Content {
 public:
  Content(const std::filesystem::path& folder, const FolderFiles& found)
      : folder_(folder), found_(found) {}

  FolderContent run() {
    for (const std::string& file : found_.files) sort_in(file);
    for (const auto& [stem, files] : stems_) add_images(files);
    for (const auto& [stem, files] : stems_) add_lone_captions(files);
    look_into_unknown();
    std::sort(content_.pairs.begin(), content_.pairs.end(),
              [](const auto& a, const auto& b) { return a.image < b.image; });
    content_.problems.insert(content_.problems.end(), found_.notes.begin(), found_.notes.end());
    return std::move(content_);
  }

 private:
  void sort_in(const std::string& file) {
    if (is_tar_name(file)) {
      content_.tars.push_back(file);
      return;
    }
    if (is_packed_tar_name(file)) {
      content_.packed_tars.push_back(file);
      return;
    }
    const std::string extension = extension_of(file);
    const MemberKind kind = member_kind(extension);
    if (kind == MemberKind::kOther && found_.broken_links.count(file) > 0) {
      content_.problems.push_back(problem(file, kBrokenLink));
      return;
    }
    if (extension.empty()) {
      look_into(file);
      return;
    }
    if (content_.table.empty() && is_table_extension(extension)) content_.table = file;
    Stem& stem = stems_[file.substr(0, file.size() - extension.size() - 1)];
    if (kind == MemberKind::kImage) {
      stem.images.push_back(file);
    } else if (kind == MemberKind::kUnread) {
      stem.unread.push_back(file);
    } else if (kind == MemberKind::kText) {
      stem.captions.push_back(file);
    } else {
      if (kind == MemberKind::kOther) stem.unknown.push_back(file);
      if (stem.other.empty()) stem.other = file;
    }
  }

  // Sorts in by its bytes what its name does not tell.
  void look_into(const std::string& file) {
    const std::string head = head_of(folder_ / file);
    const auto bytes = std::as_bytes(std::span(head));
    if (looks_like_image(bytes)) images_.push_back(file);
    if (looks_like_tar(bytes)) content_.unnamed_tars.push_back(file);
  }

  // A file beside an image or a caption of its stem belongs to that.
  void look_into_unknown() {
    for (const auto& [stem, files] : stems_) {
      if (!files.images.empty() || !files.unread.empty() || !files.captions.empty()) continue;
      for (const std::string& file : files.unknown) look_into(file);
    }
    for (const std::string& file : images_)
      content_.problems.push_back(problem(file, kUnnamedImage, {}, 0));
  }

  void add_images(const Stem& stem) {
    for (const std::string& image : stem.images) {
      if (stem.captions.empty()) {
        content_.problems.push_back(
            problem(image, "an image without a caption",
                    stem.other.empty() ? std::string() : cat("beside it is ", stem.other)));
        continue;
      }
      // Upper case comes first in byte order.
      content_.pairs.push_back({image, stem.captions.back()});
      if (image != stem.images.front())
        content_.problems.push_back(problem(image, kSharedCaption, stem.captions.back(), 0));
    }
    for (const std::string& image : stem.unread) {
      const bool is_second = !stem.images.empty() && !stem.captions.empty();
      content_.problems.push_back(
          is_second ? problem(image, kSecondImage, {}, 0)
                    : problem(image, kUnreadImage, cat(".", extension_of(image))));
    }
  }

  void add_lone_captions(const Stem& stem) {
    const bool has_image = !stem.images.empty() || !stem.unread.empty();
    for (const std::string& caption : stem.captions) {
      if (!has_image) {
        content_.problems.push_back(problem(caption, "a caption without an image"));
      } else if (caption != stem.captions.back()) {
        content_.problems.push_back(problem(caption, kSecondCaption, stem.captions.back()));
      }
    }
  }

  const std::filesystem::path& folder_;
  const FolderFiles& found_;
  std::map<std::string, Stem> stems_;
  std::vector<std::string> images_;  // that are none by their names
  FolderContent content_;
};

std::string counted(std::size_t count, const char* one, const char* many,
                    const std::string& example) {
  return cat(count, " ", count == 1 ? one : many, " (", shortened(example, 80), ")");
}

}  // namespace

bool is_tar_name(const std::string& name) { return lower_case(name).ends_with(".tar"); }

bool is_packed_tar_name(const std::string& name) {
  constexpr std::array<std::string_view, 15> kPacked = {
      ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar.lz4", ".tar.z",  ".tar.lzma", ".tgz",
      ".tbz",    ".tbz2",    ".txz",    ".tzst",    ".tlz",     ".tar.br", ".tar.zip"};
  const std::string lower = lower_case(name);
  return std::any_of(kPacked.begin(), kPacked.end(),
                     [&](std::string_view ending) { return lower.ends_with(ending); });
}

FolderContent read_folder(const std::filesystem::path& folder,
                          const std::filesystem::path& output) {
  return Content(folder, files_below(folder, output)).run();
}

void expect_one_kind(const FolderContent& content, const std::filesystem::path& folder) {
  if (!content.packed_tars.empty()) {
    const std::string& file = content.packed_tars.front();
    throw DataError(
        {.what = "compressed tars in the folder: a sample in them cannot be read alone",
         .where = folder.string(),
         .expected =
             cat("tars, as gzip -d, bzip2 -d, xz -d or zstd -d makes of ", shortened(file, 80)),
         .found = counted(content.packed_tars.size(), "compressed tar", "compressed tars", file)});
  }
  if (content.tars.empty()) return;
  if (!content.pairs.empty()) {
    throw DataError(
        {.what = "the folder holds tars and images with captions, and is read as one or "
                 "the other",
         .where = folder.string(),
         .expected = "one of them: name the tars (FOLDER/*.tar) or move them away",
         .found = cat(counted(content.tars.size(), "tar", "tars", content.tars.front()), " and ",
                      counted(content.pairs.size(), "image with a caption", "images with captions",
                              content.pairs.front().image))});
  }
  if (!content.unnamed_tars.empty()) {
    throw DataError({.what = "a tar whose name does not end in .tar, beside tars that do",
                     .where = folder.string(),
                     .expected = "the name of a tar, or another folder for it",
                     .found = counted(content.unnamed_tars.size(), "such tar", "such tars",
                                      content.unnamed_tars.front())});
  }
  const auto is_deep = [](const std::string& tar) { return tar.find('/') != std::string::npos; };
  const auto deep = std::find_if(content.tars.begin(), content.tars.end(), is_deep);
  if (deep == content.tars.end()) return;
  const auto count = std::count_if(content.tars.begin(), content.tars.end(), is_deep);
  throw DataError({.what = "tars in subfolders, which are not read with the folder",
                   .where = folder.string(),
                   .expected = "tars in the folder itself; name the others, as FOLDER/*/*.tar, or "
                               "several folders, as A::B",
                   .found = counted(static_cast<std::size_t>(count), "tar", "tars", *deep)});
}

}  // namespace helip::data
