// Restores bytes of UTF-8 that were lost when the bytes were read in another encoding, as ftfy
// does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace helip::data {

// Replaces a space by 0xA0 where that makes a likely character of UTF-8 ("voilÃ " is "voilà").
std::string restore_a0(std::string_view bytes);

// Replaces each sequence in which a byte was lost by U+FFFD: 0x1A, or a question mark, stands where
// the byte was.
std::string replace_lost(std::string_view bytes);

// Decodes UTF-8, also CESU-8 (a pair of surrogates as two sequences) and Java's form of NUL, which
// begin with the bytes 0xED and 0xC0. Returns nothing if the bytes are neither.
std::optional<std::u32string> decode_utf8_variants(std::string_view bytes);

}  // namespace helip::data
