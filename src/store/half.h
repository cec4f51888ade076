// Exact IEEE 754 binary16 conversions.
#pragma once

#include <cstdint>

namespace helip::store {

float half_to_float(std::uint16_t half);
// Rounds to nearest, ties to even; overflow gives infinity.
std::uint16_t float_to_half(float value);

}  // namespace helip::store
