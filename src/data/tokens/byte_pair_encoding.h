// The merges of CLIP's byte-pair encoding, without the text rules around them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace helip::data {

// Immutable after construction. Ids: 256 bytes, 256 bytes that end a word, then the merges in the
// order of their ranks.
class BytePairEncoding {
 public:
  static constexpr std::int32_t kMerges = 49152 - 256 - 2;
  static constexpr std::int32_t kSymbols = 512 + kMerges;

  // Reads the (gzipped) merges file. Throws DataError if it cannot be read, is damaged or is no
  // such vocabulary.
  explicit BytePairEncoding(const std::filesystem::path& vocabulary);

  // Appends the ids of one word (not empty) to `out`.
  void encode(std::string_view word, std::vector<std::int64_t>& out) const;

  // Returns the id of a byte inside a word. At a word's end the byte's id is 256 higher.
  [[nodiscard]] std::int32_t symbol_of_byte(unsigned char byte) const {
    return byte_symbols_[byte];
  }
  // Returns the id of the symbol that two symbols merge into, or -1.
  [[nodiscard]] std::int32_t merged(std::int32_t left, std::int32_t right) const;

 private:
  std::array<std::int32_t, 256> byte_symbols_{};
  std::unordered_map<std::uint64_t, std::int32_t> merges_;
};

}  // namespace helip::data
