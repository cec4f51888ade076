// The markers of a JPEG in order, including the markers within entropy-coded data.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace helip::data {

inline constexpr unsigned kJpegStartOfScan = 0xDA, kJpegEnd = 0xD9, kJpegApp1 = 0xE1;

struct JpegMarker {
  unsigned kind = 0;                   // the byte after 0xFF
  std::span<const std::byte> content;  // without the length; empty if a marker has none
  bool is_whole = true;                // false: the file ends before the content does
};

class JpegMarkers {
 public:
  // Takes the bytes of a JPEG, which begin with its start marker and must outlive this object.
  explicit JpegMarkers(std::span<const std::byte> encoded);

  // Returns the next marker, or nothing at the file's end. Skips bytes that belong to no marker and
  // fill bytes.
  std::optional<JpegMarker> next();

 private:
  std::span<const std::byte> rest_;
};

// Returns true if the first scan of a baseline or sequential JPEG holds all components, so that the
// end of its data is the end of the picture.
bool is_one_scan_jpeg(std::span<const std::byte> encoded);

// Returns true if the bytes end before the image does: there is no end marker and, in a JPEG of one
// scan, no other marker behind the data of the scan.
bool is_cut_jpeg(std::span<const std::byte> encoded);

}  // namespace helip::data
