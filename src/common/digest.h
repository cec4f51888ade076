// SHA-256, from OpenSSL (a small implementation of our own in engine-only builds, where no OpenSSL
// headers are).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace helip {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view text);
  // 64 lower-case hex digits; the object must not be used afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Lower-case hex digits.
std::string to_hex(std::span<const unsigned char> bytes);

std::string sha256_hex(std::string_view text);
std::string sha256_hex(std::span<const std::byte> bytes);
// Throws StoreError if the file cannot be read.
std::string sha256_file(const std::filesystem::path& file);

}  // namespace helip
