#include "data/image/jpeg_markers.h"

#include <algorithm>

namespace helip::data {
namespace {

constexpr unsigned kStuffed = 0x00, kTemporary = 0x01, kFirstRestart = 0xD0, kStart = 0xD8,
                   kMarker = 0xFF;
constexpr unsigned kBaseline = 0xC0, kSequential = 0xC1;
constexpr std::size_t kComponentsAt = 5;  // in a frame's header

bool stands_alone(unsigned kind) {
  return kind == kTemporary || (kind >= kFirstRestart && kind <= kJpegEnd);
}

}  // namespace

JpegMarkers::JpegMarkers(std::span<const std::byte> encoded)
    : rest_(encoded.subspan(std::min<std::size_t>(encoded.size(), 2))) {}

std::optional<JpegMarker> JpegMarkers::next() {
  const auto byte = [&](std::size_t at) { return std::to_integer<unsigned>(rest_[at]); };
  while (rest_.size() >= 2) {
    const unsigned kind = byte(1);
    if (byte(0) != kMarker || kind == kMarker) {
      rest_ = rest_.subspan(1);
      continue;
    }
    rest_ = rest_.subspan(2);
    if (kind == kStuffed || kind == kStart) continue;
    if (stands_alone(kind)) return JpegMarker{.kind = kind, .content = {}};
    JpegMarker marker{.kind = kind, .content = {}, .is_whole = false};
    if (rest_.size() < 2) return marker;
    // The length counts its own two bytes.
    const std::size_t length = std::max<std::size_t>(byte(0) << 8U | byte(1), 2) - 2;
    rest_ = rest_.subspan(2);
    marker.is_whole = length <= rest_.size();
    marker.content = rest_.first(std::min(length, rest_.size()));
    rest_ = rest_.subspan(marker.content.size());
    return marker;
  }
  return std::nullopt;
}

bool is_one_scan_jpeg(std::span<const std::byte> encoded) {
  JpegMarkers markers(encoded);
  std::byte components{0};
  while (const auto marker = markers.next()) {
    if ((marker->kind == kBaseline || marker->kind == kSequential) &&
        marker->content.size() > kComponentsAt) {
      components = marker->content[kComponentsAt];
    }
    if (marker->kind == kJpegStartOfScan)
      return !marker->content.empty() && marker->content[0] == components;
  }
  return false;
}

bool is_cut_jpeg(std::span<const std::byte> encoded) {
  const bool is_one_scan = is_one_scan_jpeg(encoded);
  bool in_scan = false;
  JpegMarkers markers(encoded);
  while (const auto marker = markers.next()) {
    if (marker->kind == kJpegEnd || (in_scan && !stands_alone(marker->kind))) return false;
    in_scan = in_scan || (is_one_scan && marker->kind == kJpegStartOfScan);
  }
  return true;
}

}  // namespace helip::data
