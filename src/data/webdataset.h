// WebDataset's naming: members KEY.EXT, KEY up to the first dot of the base name, EXT lower-cased.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace helip::data {

struct MemberName {
  std::string key;
  std::string extension;
};

// Nothing for names that are no member of a sample: no dot, a hidden file, or WebDataset's own
// __NAME__ members.
std::optional<MemberName> split_member_name(std::string_view name);

// In the order in which they are preferred when a sample has several (OpenCLIP's
// "jpg;png;jpeg;webp").
inline constexpr std::array<std::string_view, 4> kImageExtensions = {"jpg", "png", "jpeg", "webp"};

// Position in kImageExtensions.
std::optional<std::size_t> image_extension_index(std::string_view extension);

}  // namespace helip::data
