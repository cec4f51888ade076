// Finds an image's EXIF and XMP data where Pillow 13 finds them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace helip::data {

struct ImageMetadata {
  // A TIFF file, perhaps behind "Exif\0\0" once or twice; may be empty.
  std::optional<std::string> exif;
  std::string xmp;          // empty: none
  bool is_damaged = false;  // there are EXIF data, but they cannot be decoded
};

// Return the metadata of an image. Read all APP1 segments before the pixels of a JPEG; eXIf and
// text chunks of any kind, before and after the pixels, of a PNG; the chunks EXIF and XMP of a
// WebP. Return no metadata for any other file.
ImageMetadata metadata_of(std::span<const std::byte> encoded);
ImageMetadata png_metadata(std::span<const std::byte> encoded);

}  // namespace helip::data
