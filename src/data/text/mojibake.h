// Repair of mojibake: text in UTF-8 that somebody read in another encoding ("cafÃ©" for "café").
// The method is that of fix_encoding of ftfy 6.3.1 (Apache License 2.0), with the same results.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace helip::data {

// Returns true if the text holds a sequence of characters that is rare except in mojibake.
bool looks_like_mojibake(std::u32string_view text);

// Returns the text, read again in the right encoding: as a whole or where it looks like mojibake,
// as often as it was read wrongly. Returns the text as it is if it does not look like mojibake, or
// if no encoding fits. Subtracts the number of characters that it examines from `work`, and stops
// when `work` is 0.
std::u32string repair_mojibake(std::u32string text, std::size_t& work);

}  // namespace helip::data
