// Finds characters in the table that the signs of mojibake refer to.
#pragma once

#include "data/text/mojibake_tables.h"

namespace helip::data {

// Returns the entry of the character, or null if the table has none.
const MojibakeCharacter* find_mojibake_character(char32_t c);

}  // namespace helip::data
