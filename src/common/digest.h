// SHA-256, computed by OpenSSL. Engine-only builds, which may lack OpenSSL's headers, use a small
// implementation of our own.
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
  // Returns the digest as 64 lower-case hex digits. The object must not be used afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Returns two lower-case hex digits for each byte.
std::string to_hex(std::span<const unsigned char> bytes);

std::string sha256_hex(std::string_view text);
std::string sha256_hex(std::span<const std::byte> bytes);
// Returns the digest of the file's bytes. Throws StoreError if the file cannot be read.
std::string sha256_file(const std::filesystem::path& file);

}  // namespace helip
