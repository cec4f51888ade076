// The characters of a JSON text, as Python's json.loads reads bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace helip::data {

// Tells UTF-8, UTF-16 and UTF-32 apart by a byte order mark, which is left out, or by where the
// first four bytes are zero. Surrogates stand for themselves, encoded ones too. Returns nothing if
// the bytes are not of the encoding.
std::optional<std::u32string> decode_json_text(std::string_view bytes);

// UTF-8 of characters of which some may be surrogates: a pair is the character that it stands for,
// a lone one is U+FFFD, as ftfy has it.
std::string encode_joined_utf8(std::u32string_view text);

}  // namespace helip::data
