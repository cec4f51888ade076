#include "store/half.h"

#include <bit>
#include <cmath>

namespace helip::store {

float half_to_float(std::uint16_t half) {
  // As the bits of a float whose exponent is 112 too low; the product is exact, subnormals
  // included.
  const std::uint32_t bits = (half & 0x7FFFU) << 13;
  const bool finite = (half & 0x7C00U) != 0x7C00U;
  const float magnitude =
      finite ? std::bit_cast<float>(bits) * 0x1p112F : std::bit_cast<float>(bits | 0x7F800000U);
  const std::uint32_t sign = (half & 0x8000U) << 16;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
}

std::uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7E00U);
  if (magnitude >= 65520.0F) return static_cast<std::uint16_t>(sign | 0x7C00U);
  if (magnitude <
      0x1p-14F) {  // subnormal: multiples of 2^-24; the product is exact, nearbyint ties to even
    return static_cast<std::uint16_t>(
        sign | static_cast<std::uint16_t>(std::nearbyint(magnitude * 0x1p24F)));
  }
  int exponent = 0;
  const float fraction = std::frexp(magnitude, &exponent);  // in [0.5, 1)
  const auto mantissa = static_cast<std::uint32_t>(std::nearbyint(fraction * 2048.0F));
  // A mantissa that rounds up to 2048 carries into the exponent by plain addition.
  return static_cast<std::uint16_t>(sign |
                                    ((static_cast<std::uint32_t>(exponent + 13) << 10) + mantissa));
}

float bfloat16_to_float(std::uint16_t brain) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(brain) << 16);
}

std::uint16_t float_to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  // A NaN stays one: rounding could carry its mantissa away.
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  const std::uint32_t odd = (bits >> 16) & 1U;
  return static_cast<std::uint16_t>((bits + 0x7FFFU + odd) >> 16);
}

}  // namespace helip::store
