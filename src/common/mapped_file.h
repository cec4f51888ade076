// A file mapped read-only. Immutable after open; safe from many threads.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace helip {

class MappedFile {
 public:
  MappedFile() = default;
  // Maps the file. Throws StoreError if it cannot be opened or mapped, or is no regular file.
  // bytes() of an empty file is empty.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace helip
