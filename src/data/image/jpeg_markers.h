// The markers of a JPEG one after another, those within entropy-coded data included.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace helip::data {

inline constexpr unsigned kJpegStartOfScan = 0xDA, kJpegEnd = 0xD9, kJpegApp1 = 0xE1;

struct JpegMarker {
  unsigned kind = 0;                   // the byte after 0xFF
  std::span<const std::byte> content;  // without the length; nothing where a marker has none
  bool is_whole = true;                // false: the file ends before the content does
};

class JpegMarkers {
 public:
  // `encoded` begins with the marker of a JPEG's start.
  explicit JpegMarkers(std::span<const std::byte> encoded);

  // Steps over bytes that belong to no marker and over filling bytes. Nothing at the file's end.
  std::optional<JpegMarker> next();

 private:
  std::span<const std::byte> rest_;
};

// Whether all components come in one scan of one pass, so that the last of its data is the last of
// the picture.
bool is_one_scan_jpeg(std::span<const std::byte> encoded);

// Whether the bytes end before the image does: no marker stands behind the data of its one scan, or
// none of the image's end behind several.
bool is_cut_jpeg(std::span<const std::byte> encoded);

}  // namespace helip::data
