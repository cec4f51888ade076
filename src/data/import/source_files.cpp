#include "data/import/source_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/mapped_file.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "data/corpus/quarantine.h"

namespace helip::data {
namespace {

// Tells why a path is no file: a link, a pipe, a folder.
std::string why_no_file(const std::filesystem::path& file) {
  const std::string reason = why_not_there(file);
  return cat(file.string(), ": ", reason.empty() ? "no regular file" : reason);
}

}  // namespace

void read_image_file(const std::filesystem::path& file, std::uint64_t max_bytes, SourcePair& pair) {
  if (!is_file(file)) {
    pair.problem = kMissingImage;
    pair.detail = why_no_file(file);
    return;
  }
  std::error_code error;
  const std::uint64_t bytes = std::filesystem::file_size(file, error);
  if (error || bytes > max_bytes) {
    pair.problem = "the image file is too large";
    pair.detail = cat(file.string(), ": ", bytes, " bytes, at most ", max_bytes, " are read");
    return;
  }
  try {
    const MappedFile mapped(file);
    pair.image.assign(mapped.bytes().begin(), mapped.bytes().end());
  } catch (const StoreError& failure) {
    pair.problem = "the image file cannot be read";
    pair.detail = failure.what();
  }
}

void take_caption(Caption caption, SourcePair& pair) {
  pair.caption = std::move(caption.text);
  if (!pair.problem.empty()) return;
  SplitReason reason = split_reason(caption.problem);
  pair.problem = std::move(reason.kind);
  pair.detail = std::move(reason.detail);
}

void read_caption_file(const std::filesystem::path& file, SourcePair& pair) {
  const auto fail = [&](std::string detail) {
    if (!pair.problem.empty()) return;
    pair.problem = "the caption file cannot be read";
    pair.detail = std::move(detail);
  };
  if (!is_file(file)) {
    fail(why_no_file(file));
    return;
  }
  try {
    const MappedFile mapped(file);
    const auto bytes = mapped.bytes();
    // One byte more than a caption may have is enough to tell that it is too large.
    take_caption(caption_of_text(bytes.first(std::min(bytes.size(), kMaxCaptionBytes + 1))), pair);
  } catch (const StoreError& failure) {
    fail(failure.what());
  }
}

std::string stamp_of(const std::filesystem::path& folder, const std::string& name) {
  struct stat status {};
  const bool exists = ::stat((folder / name).c_str(), &status) == 0;
  return exists ? cat(name, '\0', status.st_size, " ", status.st_mtim.tv_sec, " ",
                      status.st_mtim.tv_nsec, "\n")
                : cat(name, '\0', "missing\n");
}

}  // namespace helip::data
