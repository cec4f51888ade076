// Pieces of a self-contained HTML page: no scripts, no outside resources, all text escaped.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace helip::report {

// Returns `text` for element content and quoted attributes: & < > " ' are escaped, control
// characters and invalid UTF-8 become \xNN.
std::string escape_html(std::string_view text);

std::string base64(std::span<const std::byte> bytes);

// Returns a data: URI of an encoded image, whose type is found from its content. Throws DataError
// unless it is PNG, JPEG or WebP.
std::string image_data_uri(std::span<const std::byte> encoded);

// Returns a whole HTML document around `body`, which is HTML; `title` is escaped. The style sheet
// fits light and dark, wide and narrow screens.
std::string page(std::string_view title, std::string_view body);

}  // namespace helip::report
