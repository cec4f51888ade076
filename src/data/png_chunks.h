// The chunks of a PNG one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace helip::data {

struct PngChunk {
  std::string_view name;
  std::span<const std::byte> content;   // as much of it as there is
  std::uint64_t length = 0;             // that it should have
  std::span<const std::byte> checksum;  // 4 bytes, fewer at the file's end

  [[nodiscard]] bool is_whole() const { return content.size() == length; }
  [[nodiscard]] bool has_right_checksum() const;
};

class PngChunks {
 public:
  // `encoded` begins with PNG's signature.
  explicit PngChunks(std::span<const std::byte> encoded);

  // Nothing where no chunk begins: at the file's end, or where a name is none.
  std::optional<PngChunk> next();

 private:
  std::span<const std::byte> rest_;
};

// Whether a PNG is animated, from the chunks before its pixels.
class PngAnimation {
 public:
  void add(const PngChunk& chunk);
  // More than one picture: a still image that is none of the animation's counts as well.
  [[nodiscard]] bool is_animated() const {
    return pictures_ > 0 && pictures_ + (starts_later_ ? 1 : 0) > 1;
  }

 private:
  std::uint64_t pictures_ = 0;
  bool starts_later_ = true;
};

}  // namespace helip::data
