// Exact conversions between float and the two 16-bit formats: IEEE 754 binary16 and bfloat16.
#pragma once

#include <cstdint>

namespace helip::store {

float half_to_float(std::uint16_t half);
// Rounds to nearest, ties to even; overflow gives infinity.
std::uint16_t float_to_half(float value);

// bfloat16 is the upper half of a float.
float bfloat16_to_float(std::uint16_t brain);
// Rounds to nearest, ties to even; overflow gives infinity.
std::uint16_t float_to_bfloat16(float value);

}  // namespace helip::store
