#include "data/image/png_chunks.h"

#include <zlib.h>

#include <algorithm>

namespace helip::data {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kHeadBytes = 8;  // length and name
constexpr std::size_t kChecksumBytes = 4;

std::uint32_t big_endian(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (const std::byte byte : bytes.first(4))
    value = value << 8U | std::to_integer<std::uint32_t>(byte);
  return value;
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const Bytef* zlib_bytes(const void* bytes) { return static_cast<const Bytef*>(bytes); }

}  // namespace

bool PngChunk::has_right_checksum() const {
  if (!is_whole() || checksum.size() < kChecksumBytes) return false;
  uLong sum = crc32(0, zlib_bytes(name.data()), static_cast<uInt>(name.size()));
  sum = crc32_z(sum, zlib_bytes(content.data()), content.size());
  return sum == big_endian(checksum);
}

void PngAnimation::add(const PngChunk& chunk) {
  if (chunk.name == "acTL" && chunk.content.size() >= 4) pictures_ = big_endian(chunk.content);
  if (chunk.name == "fcTL") starts_later_ = false;
}

PngChunks::PngChunks(std::span<const std::byte> encoded)
    : rest_(encoded.subspan(std::min(encoded.size(), kSignatureBytes))) {}

bool PngChunks::stops_pillow(const PngChunk& chunk) const {
  return chunk.name == "IEND" || (has_pixels_ && animation_.is_animated() && chunk.name == "fcTL");
}

std::optional<PngChunk> PngChunks::next() {
  if (rest_.size() < kHeadBytes) return std::nullopt;
  PngChunk chunk;
  chunk.name = {reinterpret_cast<const char*>(rest_.data()) + 4, 4};
  if (!std::all_of(chunk.name.begin(), chunk.name.end(), is_name_byte)) return std::nullopt;
  chunk.length = big_endian(rest_);
  rest_ = rest_.subspan(kHeadBytes);
  chunk.content = rest_.first(std::min<std::uint64_t>(chunk.length, rest_.size()));
  rest_ = rest_.subspan(chunk.content.size());
  chunk.checksum = rest_.first(std::min(kChecksumBytes, rest_.size()));
  rest_ = rest_.subspan(chunk.checksum.size());
  has_pixels_ = has_pixels_ || chunk.name == "IDAT";
  if (!has_pixels_) animation_.add(chunk);
  chunk.is_last = stops_pillow(chunk);
  if (chunk.is_last) rest_ = {};
  return chunk;
}

}  // namespace helip::data
