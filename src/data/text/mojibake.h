// Repair of mojibake: text in UTF-8 that somebody read in another encoding ("cafÃ©" for "café").
// The method is that of fix_encoding of ftfy 6.3.1 (Apache License 2.0), with the same results.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace helip::data {

// Whether the text holds a sequence of characters that hardly occurs but in mojibake.
bool looks_like_mojibake(std::u32string_view text);

// Reads the text again in the right encoding, whole or where it looks like mojibake, as often as it
// was read wrongly. Returns it as it is if it does not look like mojibake, or if no encoding fits.
// `work` goes down by the characters that are looked at; the repair stops when nothing is left of
// it.
std::u32string repair_mojibake(std::u32string text, std::size_t& work);

}  // namespace helip::data
