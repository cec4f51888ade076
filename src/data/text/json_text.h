// The characters of a JSON text, as Python's json.loads reads bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace helip::data {

// Decodes UTF-8, UTF-16 or UTF-32, told apart by a byte order mark, which is left out, or by which
// of the first four bytes are zero. Surrogates, also encoded ones, stay as they are. Returns
// nothing if the bytes are not valid in the encoding.
std::optional<std::u32string> decode_json_text(std::string_view bytes);

// Encodes characters as UTF-8. A pair of surrogates becomes the character that it encodes; a lone
// surrogate becomes U+FFFD, as in ftfy.
std::string encode_joined_utf8(std::u32string_view text);

}  // namespace helip::data
