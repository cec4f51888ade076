#include "common/digest.h"

#include "common/mapped_file.h"

namespace helip {

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

Sha256& Sha256::update(std::string_view text) {
  return update(std::as_bytes(std::span<const char>(text)));
}

std::string sha256_hex(std::string_view text) { return Sha256().update(text).hex(); }

std::string sha256_hex(std::span<const std::byte> bytes) { return Sha256().update(bytes).hex(); }

std::string sha256_file(const std::filesystem::path& file) {
  return sha256_hex(MappedFile(file).bytes());
}

}  // namespace helip
