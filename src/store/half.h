// Conversions between float and the two 16-bit formats IEEE 754 binary16 and bfloat16. From 16 bits
// to float they are exact.
#pragma once

#include <cstdint>

namespace helip::store {

float half_to_float(std::uint16_t half);
// Rounds to nearest, ties to even. Returns infinity for values that are too large.
std::uint16_t float_to_half(float value);

// Returns the float whose upper 16 bits are `brain` and whose lower 16 bits are 0.
float bfloat16_to_float(std::uint16_t brain);
// Rounds to nearest, ties to even. Returns infinity for values that are too large.
std::uint16_t float_to_bfloat16(float value);

}  // namespace helip::store
