// What a file is by its first bytes, for messages about files that are not what they should be.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace helip::data {

// How many first bytes kind_of() needs at most.
inline constexpr std::size_t kFileHeadBytes = 512;

struct FileKind {
  std::string name;            // "a gzip file"
  std::string advice;          // how to make a table or tar of it; holds the file's name
  bool is_compressed = false;  // one file, packed: a tar or a table may be in it
};

// Nothing if the bytes are of no kind that is known: text, or a tar. `file` is the file's name, for
// the advice.
std::optional<FileKind> kind_of(std::span<const std::byte> head, const std::string& file);

// True for the first bytes of a PNG, JPEG, GIF or WebP image.
bool looks_like_image(std::span<const std::byte> head);

// True if the first bytes are those of a tar: the mark of ustar, pax or GNU's format.
bool looks_like_tar(std::span<const std::byte> head);

}  // namespace helip::data
