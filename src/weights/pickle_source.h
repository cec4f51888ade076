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

  // The next opcode; errors name its place until the next one.
  std::uint8_t opcode();

  std::span<const std::byte> take(std::uint64_t length);
  // Throws unless at least `length` bytes follow. Reads nothing.
  void expect(std::uint64_t length) const;

  template <typename Number>
  Number number() {
    Number value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  // UTF-8, else an error.
  std::string_view text(std::uint64_t length);
  // Up to a line break, which is taken too.
  std::string_view line();

  [[noreturn]] void fail(const std::string& what, const std::string& expected = {},
                         const std::string& found = {}) const;

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
};

}  // namespace helip::weights
