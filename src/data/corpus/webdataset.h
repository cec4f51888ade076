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

// Nothing for names that are no member of a sample: no dot, hidden (common/hidden.h), or
// WebDataset's own __NAME__ members.
std::optional<MemberName> split_member_name(std::string_view name);

// In the order in which they are preferred when a sample has several (OpenCLIP's
// "jpg;png;jpeg;webp").
inline constexpr std::array<std::string_view, 4> kImageExtensions = {"jpg", "png", "jpeg", "webp"};

// Position in kImageExtensions.
std::optional<std::size_t> image_extension_index(std::string_view extension);

// True for the extensions of images in formats that are not read: gif, bmp, tiff, avif, heic, jxl
// and their like.
bool is_unread_image(std::string_view extension);

// What a member is by its extension, in lower case.
enum class MemberKind : std::uint8_t { kImage, kUnread, kText, kJson, kOther };
MemberKind member_kind(std::string_view extension);

// An extension that is cut from a key with dots: "photo v1.0020.jpg" has the key "photo v1" and the
// extension "0020.jpg". Nothing if its last part is no image's and no caption's.
struct DottedExtension {
  std::string_view rest;  // of the key: "0020"
  MemberKind kind = MemberKind::kOther;
};
std::optional<DottedExtension> split_dotted_extension(std::string_view extension);

// ASCII letters in lower case.
std::string lower_case(std::string_view text);

}  // namespace helip::data
