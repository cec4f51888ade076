// The pieces of a self-contained page: no scripts, no outside resources, all text escaped.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace helip::report {

// Text for element content and quoted attributes: & < > " ' are escaped, control characters and
// invalid UTF-8 shown as \xNN.
std::string escape_html(std::string_view text);

std::string base64(std::span<const std::byte> bytes);

// data: URI of an encoded image; the type is told by its content (PNG, JPEG, WebP). Throws
// DataError for anything else.
std::string image_data_uri(std::span<const std::byte> encoded);

// A whole document around `body` (already HTML). The style sheet serves light and dark, wide and
// narrow.
std::string page(std::string_view title, std::string_view body);

}  // namespace helip::report
