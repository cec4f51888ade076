#include "data/image/exif.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "data/image/metadata.h"

namespace helip::data {
namespace {

using namespace std::string_view_literals;

// A TIFF file in memory.
struct Tiff {
  std::string_view bytes;
  bool is_little = false;

  [[nodiscard]] bool has(std::uint64_t at, std::uint64_t count) const {
    return at <= bytes.size() && count <= bytes.size() - at;
  }
  // Reads a number of up to 8 bytes, which are there.
  [[nodiscard]] std::uint64_t number(std::uint64_t at, std::size_t width) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t offset = is_little ? width - 1 - i : i;
      value = value << 8U | static_cast<unsigned char>(bytes[at + offset]);
    }
    return value;
  }
};

// Bytes of one value of a type; 0: not a type.
std::size_t bytes_of_type(std::uint64_t type) {
  constexpr std::array<std::size_t, 17> kBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2,
                                                  4, 8, 4, 8, 4, 0, 0, 8};
  return type < kBytes.size() ? kBytes[type] : 0;
}

double ratio(double numerator, double denominator) {
  return denominator == 0 ? std::numeric_limits<double>::quiet_NaN() : numerator / denominator;
}

std::int32_t signed_32(std::uint64_t value) { return static_cast<std::int32_t>(value); }

// The first value of a field as a number; NaN for bytes and texts.
double first_value(const Tiff& tiff, std::uint64_t at, std::uint64_t type) {
  enum Type : std::uint64_t {
    kShort = 3,
    kLong,
    kRational,
    kSignedByte,
    kUndefined,
    kSignedShort,
    kSignedLong,
    kSignedRational,
    kFloat,
    kDouble,
    kIfd,
    kLong8 = 16
  };
  const auto number = [&](std::uint64_t from, std::size_t width) {
    return tiff.number(from, width);
  };
  switch (type) {
    case kShort:
      return static_cast<double>(number(at, 2));
    case kLong:
    case kIfd:
      return static_cast<double>(number(at, 4));
    case kLong8:
      return static_cast<double>(number(at, 8));
    case kSignedByte:
      return static_cast<std::int8_t>(number(at, 1));
    case kSignedShort:
      return static_cast<std::int16_t>(number(at, 2));
    case kSignedLong:
      return signed_32(number(at, 4));
    case kRational:
      return ratio(static_cast<double>(number(at, 4)), static_cast<double>(number(at + 4, 4)));
    case kSignedRational:
      return ratio(signed_32(number(at, 4)), signed_32(number(at + 4, 4)));
    case kFloat:
      return std::bit_cast<float>(static_cast<std::uint32_t>(number(at, 4)));
    case kDouble:
      return std::bit_cast<double>(number(at, 8));
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

// The field of the first directory, as Pillow reads it: a field whose values lie beyond the end of
// the data ends the directory, one of no value or of an unknown type is none.
std::optional<double> orientation_field(const Tiff& tiff) {
  constexpr std::uint64_t kOrientation = 0x0112;
  constexpr std::size_t kEntryBytes = 12;
  const std::uint64_t directory = tiff.number(4, 4);
  if (!tiff.has(directory, 2)) return std::nullopt;
  const std::uint64_t entries = tiff.number(directory, 2);
  std::uint64_t values = 0;  // bytes of all that are kept elsewhere
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t at = directory + 2 + kEntryBytes * i;
    if (!tiff.has(at, kEntryBytes)) return std::nullopt;
    const std::uint64_t tag = tiff.number(at, 2);
    const std::uint64_t type = tiff.number(at + 2, 2);
    const std::uint64_t size = tiff.number(at + 4, 4) * bytes_of_type(type);
    if (size == 0 || seen.contains(tag)) continue;
    std::uint64_t value = at + 8;
    if (size > 4) {
      value = tiff.number(value, 4);
      values += size;
      if (values > tiff.bytes.size()) continue;
      if (!tiff.has(value, size)) return std::nullopt;
    }
    if (tag == kOrientation) return first_value(tiff, value, type);
    seen.insert(tag);
  }
  return std::nullopt;
}

// The TIFF file in EXIF data; nothing if they are none.
std::optional<Tiff> tiff_of(std::string_view exif) {
  constexpr std::size_t kHeaderBytes = 8;
  const std::string_view magic = exif.substr(0, 4);
  // The second of each pair has the order of bytes of neither.
  const bool is_big = magic == "MM\0\x2A"sv || magic == "MM\x2A\0"sv || magic == "MM\0\x2B"sv;
  const bool is_little = magic == "II\x2A\0"sv || magic == "II\0\x2A"sv;
  if (exif.size() < kHeaderBytes || (!is_big && !is_little)) return std::nullopt;
  return Tiff{exif, is_little};
}

// The digit of tiff:Orientation, an attribute or an element.
std::optional<double> orientation_in_xmp(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = xmp.find(kName); at != std::string_view::npos;
       at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with(">")) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') return rest.front() - '0';
  }
  return std::nullopt;
}

}  // namespace

int exif_orientation(std::span<const std::byte> encoded) {
  const ImageMetadata found = metadata_of(encoded);
  if (found.is_damaged) return 1;
  std::string_view exif = found.exif ? std::string_view(*found.exif) : std::string_view();
  // Some writers put JPEG's prefix elsewhere too, or twice.
  constexpr std::string_view kPrefix = "Exif\0\0"sv;
  for (int i = 0; i < 2 && exif.starts_with(kPrefix); ++i) exif.remove_prefix(kPrefix.size());
  std::optional<double> orientation;
  if (!exif.empty()) {
    const std::optional<Tiff> tiff = tiff_of(exif);
    if (!tiff) return 1;
    orientation = orientation_field(*tiff);
  }
  if (!orientation) orientation = orientation_in_xmp(found.xmp);
  for (int known = 2; known <= 8; ++known) {
    if (orientation == known) return known;
  }
  return 1;
}

StoredImage transposed(const StoredImage& image, int orientation) {
  // Orientations 5 to 8 exchange rows and columns first.
  const bool swap = orientation >= 5;
  const bool mirror_x =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirror_y =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  StoredImage out = image;
  out.width = swap ? image.height : image.width;
  out.height = swap ? image.width : image.height;
  const auto step = static_cast<std::size_t>(pixel_bytes(image.mode));
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const int column = mirror_x ? out.width - 1 - x : x;
      const int row = mirror_y ? out.height - 1 - y : y;
      const int source_x = swap ? row : column;
      const int source_y = swap ? column : row;
      const auto from =
          (static_cast<std::size_t>(source_y) * static_cast<std::size_t>(image.width) +
           static_cast<std::size_t>(source_x)) *
          step;
      const auto to = (static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width) +
                       static_cast<std::size_t>(x)) *
                      step;
      std::copy_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(from), step,
                  out.pixels.begin() + static_cast<std::ptrdiff_t>(to));
    }
  }
  return out;
}

}  // namespace helip::data
