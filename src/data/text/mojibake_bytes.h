// Bytes of UTF-8 on their way through another encoding: what was lost there is put back, as ftfy
// does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace helip::data {

// Makes a space 0xA0 again where that makes a likely character of UTF-8 ("voilÃ " is "voilà").
std::string restore_a0(std::string_view bytes);

// Makes U+FFFD of sequences in which a byte was lost: 0x1A, or a question mark in its place.
std::string replace_lost(std::string_view bytes);

// UTF-8, and beside it CESU-8 (surrogates as two sequences) and Java's form of NUL where the bytes
// hold 0xED or 0xC0. Nothing if the bytes are neither.
std::optional<std::u32string> decode_utf8_variants(std::string_view bytes);

}  // namespace helip::data
