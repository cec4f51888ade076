// Memory of the miners' large arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace helip::mining {

// Bytes on cache lines, not set. In a scratch folder they are the pages of a file that has no name
// any more: the system can write them out when memory is short, and the file goes with them.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size) : AlignedBytes(size, {}) {}
  // `scratch`: the folder; empty: ordinary memory. Throws StoreError if it has no room.
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
