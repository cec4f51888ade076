// The kind of a file by its first bytes, for messages about files of a wrong kind.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace helip::data {

// Number of first bytes that are enough for each function below.
inline constexpr std::size_t kFileHeadBytes = 512;

struct FileKind {
  std::string name;            // "a gzip file"
  std::string advice;          // how to get a table or tar from it; names the file
  bool is_compressed = false;  // one compressed file, which may be a tar or a table
};

// Returns the kind of a file that begins with `head`: compressed, an archive, a binary table, an
// image, text in UTF-16 or UTF-32, HTML, JSON and others. Returns nothing for any other bytes, such
// as plain text or a tar. `file` is the file's name, for the advice.
std::optional<FileKind> kind_of(std::span<const std::byte> head, const std::string& file);

// Returns true for the first bytes of a PNG, JPEG, GIF or WebP image.
bool looks_like_image(std::span<const std::byte> head);

// Returns true if `head` holds the mark of a tar in ustar, pax or GNU's format. Older tars have no
// mark.
bool looks_like_tar(std::span<const std::byte> head);

}  // namespace helip::data
