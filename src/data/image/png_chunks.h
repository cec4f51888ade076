// The chunks of a PNG one after another, up to where Pillow 13 stops reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace helip::data {

struct PngChunk {
  std::string_view name;
  std::span<const std::byte> content;   // up to the end of the file
  std::uint64_t length = 0;             // bytes that the content should have
  std::span<const std::byte> checksum;  // 4 bytes, fewer at the file's end
  // True for IEND and for the next picture of an animation: Pillow reads no further.
  bool is_last = false;

  [[nodiscard]] bool is_whole() const { return content.size() == length; }
  [[nodiscard]] bool has_right_checksum() const;
};

// Tells whether a PNG is animated, from the chunks before its pixels.
class PngAnimation {
 public:
  void add(const PngChunk& chunk);
  // Returns true for more than one picture. A still image outside the animation counts as one.
  [[nodiscard]] bool is_animated() const {
    return pictures_ > 0 && pictures_ + (starts_later_ ? 1 : 0) > 1;
  }

 private:
  std::uint64_t pictures_ = 0;
  bool starts_later_ = true;
};

class PngChunks {
 public:
  // Takes the bytes of a PNG, which begin with PNG's signature and must outlive the chunks.
  explicit PngChunks(std::span<const std::byte> encoded);

  // Returns the next chunk. Returns nothing after the last chunk, at the end of the file, and where
  // the bytes of a chunk's name are not a name.
  std::optional<PngChunk> next();

 private:
  [[nodiscard]] bool stops_pillow(const PngChunk& chunk) const;

  std::span<const std::byte> rest_;
  PngAnimation animation_;
  bool has_pixels_ = false;
};

}  // namespace helip::data
