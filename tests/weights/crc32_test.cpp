#include "weights/crc32.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using namespace helip::weights;

namespace {

std::uint32_t crc_of(std::string_view text) { return crc32(std::as_bytes(std::span(text))); }

// Bit by bit, as the polynomial is divided.
std::uint32_t slow(std::string_view text) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (const char letter : text) {
    value ^= static_cast<unsigned char>(letter);
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1U) != 0 ? value >> 1 ^ 0xEDB88320U : value >> 1;
  }
  return ~value;
}

}  // namespace

TEST_CASE("the check sum is that of the published check value and of the bitwise division") {
  CHECK(crc_of("123456789") == 0xCBF43926U);
  CHECK(crc_of("") == 0);
  std::string text;
  for (int i = 0; i < 100; ++i) {
    CHECK(crc_of(text) == slow(text));
    CHECK(crc_of(std::string_view(text).substr(text.size() / 3)) ==
          slow(std::string_view(text).substr(text.size() / 3)));
    text += static_cast<char>(i * 37);
  }
}
