#include "data/webdataset.h"

#include <algorithm>

namespace helip::data {

std::optional<MemberName> split_member_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t base = slash == std::string_view::npos ? 0 : slash + 1;
  if (name.substr(base).starts_with("__") && name.ends_with("__")) return std::nullopt;
  const std::size_t dot = name.find('.', base);
  if (dot == std::string_view::npos || dot == base) return std::nullopt;
  MemberName result{std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))};
  std::transform(
      result.extension.begin(), result.extension.end(), result.extension.begin(),
      [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::optional<std::size_t> image_extension_index(std::string_view extension) {
  const auto* const found = std::find(kImageExtensions.begin(), kImageExtensions.end(), extension);
  if (found == kImageExtensions.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kImageExtensions.begin());
}

}  // namespace helip::data
