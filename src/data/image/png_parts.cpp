#include "data/image/png_parts.h"

#include <algorithm>

#include "common/text.h"
#include "data/image/image_codecs.h"
#include "data/image/png_chunks.h"

namespace helip::data {
namespace {

constexpr const char* kNoEnd = "a PNG ends before its end chunk";
constexpr std::size_t kPaletteColour = 3;
constexpr std::size_t kColourTypeAt = 9;

// An ancillary chunk, which changes no pixel, has a name that begins with a small letter.
bool is_ancillary(const PngChunk& chunk) {
  return (static_cast<unsigned char>(chunk.name[0]) & 0x20U) != 0;
}

void expect_whole(const PngChunk& chunk) {
  if (!chunk.is_whole())
    fail_decoding("PNG", cat("the file is truncated in its chunk ", chunk.name));
}

// Keeps the defect that is met first.
void note(PngParts& parts, const Defect& defect) {
  if (parts.defect.kind.empty()) parts.defect = defect;
}

void note_checksum(const PngChunk& chunk, PngParts& parts) {
  if (!chunk.has_right_checksum())
    note(parts, {"a chunk of a PNG has a wrong checksum", std::string(chunk.name)});
}

void take(const PngChunk& chunk, PngParts& parts) {
  if (chunk.name == "IHDR") {
    if (chunk.length < parts.header.size()) fail_decoding("PNG", "its header is too short");
    std::transform(chunk.content.begin(), chunk.content.begin() + 13, parts.header.begin(),
                   [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  } else if (chunk.name == "PLTE" && parts.header[kColourTypeAt] == kPaletteColour) {
    if (chunk.content.size() / 3 > 256) fail_decoding("PNG", "a palette of more than 256 colours");
    parts.palette = chunk.content;
  } else if (chunk.name == "tRNS") {
    parts.transparency = chunk.content;
  }
}

// Reads the chunks before the pixels into `parts`. Returns the first chunk of the pixels.
PngChunk read_up_to_data(PngChunks& chunks, PngParts& parts) {
  while (true) {
    const auto chunk = chunks.next();
    if (!chunk) fail_decoding("PNG", "the file is truncated or damaged before its pixels");
    if (chunk->is_last) fail_decoding("PNG", "no pixels before its end");
    if (chunk->name == "IDAT") return *chunk;
    expect_whole(*chunk);
    // Pillow refuses the file as well where only a comment is damaged; no pixel is in doubt then.
    if (!is_ancillary(*chunk) && !chunk->has_right_checksum())
      fail_decoding("PNG", cat("its chunk ", chunk->name, " is damaged: wrong checksum"));
    note_checksum(*chunk, parts);
    take(*chunk, parts);
  }
}

}  // namespace

PngParts find_png_parts(std::span<const std::byte> encoded) {
  PngParts parts;
  PngChunks chunks(encoded);
  std::optional<PngChunk> chunk = read_up_to_data(chunks, parts);
  for (; chunk && chunk->name == "IDAT"; chunk = chunks.next()) {
    parts.data.push_back(chunk->content);
    parts.data_bytes += chunk->content.size();
    if (!chunk->is_whole() || chunk->checksum.size() < 4) {
      note(parts, {kNoEnd, ""});
    } else {
      note_checksum(*chunk, parts);
    }
  }
  for (; chunk; chunk = chunks.next()) {
    if (!chunk->is_last) expect_whole(*chunk);
    note_checksum(*chunk, parts);
    if (chunk->is_last) return parts;
  }
  note(parts, {kNoEnd, ""});
  return parts;
}

}  // namespace helip::data
