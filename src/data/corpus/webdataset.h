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

// Splits a name into key and extension. Returns nothing for a name that belongs to no sample:
// without a dot, hidden (common/hidden.h), or one of WebDataset's own __NAME__ members.
std::optional<MemberName> split_member_name(std::string_view name);

// Extensions of the images that are read; where a sample has several images, the first extension of
// this list is preferred (OpenCLIP's "jpg;png;jpeg;webp").
inline constexpr std::array<std::string_view, 4> kImageExtensions = {"jpg", "png", "jpeg", "webp"};

// Returns the position in kImageExtensions, or nothing. `extension` is in lower case.
std::optional<std::size_t> image_extension_index(std::string_view extension);

// Returns true for the extensions, in lower case, of images in formats that are not read: gif, bmp,
// tiff, avif, heic, jxl and others.
bool is_unread_image(std::string_view extension);

// The kind of a member by its extension, which is in lower case.
enum class MemberKind : std::uint8_t { kImage, kUnread, kText, kJson, kOther };
MemberKind member_kind(std::string_view extension);

// The parts of an extension that was cut from a key with dots: "photo v1.0020.jpg" has the key
// "photo v1" and the extension "0020.jpg".
struct DottedExtension {
  std::string_view rest;  // part of the key: "0020"
  MemberKind kind = MemberKind::kOther;
};
// Splits an extension at its last dot. Returns nothing if there is no dot, or if the last part is
// not an image's or a caption's extension.
std::optional<DottedExtension> split_dotted_extension(std::string_view extension);

// Returns `text` with its ASCII letters in lower case.
std::string lower_case(std::string_view text);

}  // namespace helip::data
