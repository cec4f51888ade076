#include "data/corpus/webdataset.h"

#include <algorithm>

#include "common/hidden.h"

namespace helip::data {
namespace {

constexpr std::array<std::string_view, 22> kUnreadExtensions = {
    "gif", "bmp", "tif", "tiff", "avif", "avifs", "heic", "heif", "jxl", "jfif", "jpe",
    "jp2", "j2k", "ico", "ppm",  "pgm",  "pbm",   "tga",  "psd",  "svg", "dng",  "apng"};

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

std::optional<MemberName> split_member_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t base = slash == std::string_view::npos ? 0 : slash + 1;
  if (name.substr(base).starts_with("__") && name.ends_with("__")) return std::nullopt;
  const std::size_t dot = name.find('.', base);
  if (dot == std::string_view::npos || dot == base || is_hidden(name)) return std::nullopt;
  return MemberName{std::string(name.substr(0, dot)), lower_case(name.substr(dot + 1))};
}

std::optional<std::size_t> image_extension_index(std::string_view extension) {
  const auto* const found = std::find(kImageExtensions.begin(), kImageExtensions.end(), extension);
  if (found == kImageExtensions.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kImageExtensions.begin());
}

bool is_unread_image(std::string_view extension) {
  return std::find(kUnreadExtensions.begin(), kUnreadExtensions.end(), extension) !=
         kUnreadExtensions.end();
}

MemberKind member_kind(std::string_view extension) {
  if (image_extension_index(extension)) return MemberKind::kImage;
  if (extension == "txt") return MemberKind::kText;
  if (extension == "json") return MemberKind::kJson;
  return is_unread_image(extension) ? MemberKind::kUnread : MemberKind::kOther;
}

std::optional<DottedExtension> split_dotted_extension(std::string_view extension) {
  const std::size_t dot = extension.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const MemberKind kind = member_kind(extension.substr(dot + 1));
  if (kind == MemberKind::kOther) return std::nullopt;
  return DottedExtension{extension.substr(0, dot), kind};
}

}  // namespace helip::data
