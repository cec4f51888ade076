// The bytes of a pickle, read forwards and never past their end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace helip::weights {

// Every function throws StoreError, naming `where` and the byte of the opcode at hand, if the
// pickle ends before what it claims.
class PickleSource {
 public:
  PickleSource(std::span<const std::byte> bytes, const std::string& where)
      : bytes_(bytes), where_(where) {}

  // Takes and returns the next opcode. Errors name its place until the next one is taken.
  std::uint8_t opcode();

  // Takes and returns the next `length` bytes.
  std::span<const std::byte> take(std::uint64_t length);
  // Throws unless at least `length` bytes follow. Reads nothing.
  void expect(std::uint64_t length) const;

  // Takes and returns the next number, little endian as in the file.
  template <typename Number>
  Number number() {
    Number value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  // Takes and returns a text of `length` bytes. Throws StoreError if it is not UTF-8.
  std::string_view text(std::uint64_t length);
  // Takes a line with its line break and returns it without.
  std::string_view line();

  // Throws StoreError with the place of the opcode at hand.
  [[noreturn]] void fail(const std::string& what, const std::string& expected = {},
                         const std::string& found = {}) const;

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
};

}  // namespace helip::weights
