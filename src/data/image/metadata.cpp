#include "data/image/metadata.h"

#include <webp/demux.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "data/image/jpeg_markers.h"

namespace helip::data {
namespace {

using namespace std::string_view_literals;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ImageMetadata jpeg_metadata(std::span<const std::byte> encoded) {
  constexpr std::string_view kExif = "Exif\0\0"sv;
  constexpr std::string_view kXmp = "http://ns.adobe.com/xap/1.0/\0"sv;
  ImageMetadata found;
  JpegMarkers markers(encoded);
  while (const auto marker = markers.next()) {
    if (marker->kind == kJpegStartOfScan) break;
    if (marker->kind != kJpegApp1) continue;
    const std::string_view content = text_of(marker->content);
    if (content.starts_with(kExif)) {
      // Long data are spread over several segments.
      if (!found.exif) found.exif.emplace(kExif);
      *found.exif += content.substr(kExif.size());
    } else if (content.starts_with(kXmp)) {
      found.xmp = content.substr(kXmp.size());
    }
  }
  return found;
}

ImageMetadata webp_metadata(std::span<const std::byte> encoded) {
  const WebPData data{reinterpret_cast<const std::uint8_t*>(encoded.data()), encoded.size()};
  const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> demuxer(WebPDemux(&data),
                                                                         WebPDemuxDelete);
  const auto chunk = [&](const char* name) -> std::string {
    WebPChunkIterator at;
    if (WebPDemuxGetChunk(demuxer.get(), name, 1, &at) == 0) return {};
    std::string content(reinterpret_cast<const char*>(at.chunk.bytes), at.chunk.size);
    WebPDemuxReleaseChunkIterator(&at);
    return content;
  };
  ImageMetadata found;
  if (!demuxer) return found;
  if (std::string exif = chunk("EXIF"); !exif.empty()) found.exif = std::move(exif);
  found.xmp = chunk("XMP ");
  return found;
}

}  // namespace

ImageMetadata metadata_of(std::span<const std::byte> encoded) {
  const std::string_view text = text_of(encoded);
  if (text.starts_with("\xFF\xD8"sv)) return jpeg_metadata(encoded);
  if (text.starts_with("\x89PNG"sv)) return png_metadata(encoded);
  if (text.starts_with("RIFF"sv)) return webp_metadata(encoded);
  return {};
}

}  // namespace helip::data
