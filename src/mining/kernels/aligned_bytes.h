// Memory of the miners' large arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace helip::mining {

// An uninitialised array of bytes that begins at a cache line. In a scratch folder the array is a
// mapped file without a name: the system can write its pages out when memory is short, and the file
// disappears with the array.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size) : AlignedBytes(size, {}) {}
  // Allocates `size` bytes in the folder `scratch`, or in ordinary memory if `scratch` is empty.
  // Throws StoreError if the folder cannot hold a file of that size.
  AlignedBytes(std::size_t size, const std::string& scratch);

  [[nodiscard]] std::uint8_t* data() const { return bytes_.get(); }

 private:
  struct Free {
    std::size_t mapped = 0;  // 0: ordinary memory
    void operator()(std::uint8_t* bytes) const;
  };
  std::unique_ptr<std::uint8_t[], Free> bytes_;
};

}  // namespace helip::mining
