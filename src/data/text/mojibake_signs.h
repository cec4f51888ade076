// The characters of text as the signs of mojibake see them.
#pragma once

#include "data/text/mojibake_tables.h"

namespace helip::data {

// Null if the table has no such character.
const MojibakeCharacter* find_mojibake_character(char32_t c);

}  // namespace helip::data
