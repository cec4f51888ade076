// The characters that stand for bytes in byte-level vocabularies.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace helip::data {

// Returns the bytes in the order of CLIP's ids, each with its character: printable Latin-1
// characters stand for their own bytes, U+0100 and up for the other bytes.
constexpr std::array<std::pair<int, char32_t>, 256> byte_alphabet() {
  std::array<std::pair<int, char32_t>, 256> alphabet{};
  const auto printable_byte = [](int b) {
    return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE && b <= 0xFF);
  };
  std::size_t next = 0;
  for (int b = 0; b < 256; ++b) {
    if (printable_byte(b)) alphabet[next++] = {b, static_cast<char32_t>(b)};
  }
  char32_t stand_in = 0x100;
  for (int b = 0; b < 256; ++b) {
    if (!printable_byte(b)) alphabet[next++] = {b, stand_in++};
  }
  return alphabet;
}

}  // namespace helip::data
