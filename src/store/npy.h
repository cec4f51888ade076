// NumPy's .npy files (format 1.0 and 2.0, C order, little endian): memory-mapped reader, atomic
// writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "common/mapped_file.h"
#include "common/publish.h"

namespace helip::store {

enum class DType { kBool, kU8, kU32, kI64, kF16, kF32, kF64 };

// Returns the bytes of one element.
std::size_t size_of(DType dtype);

// A mapped array. Immutable; safe from many threads.
class NpyArray {
 public:
  // Maps a file. Throws StoreError if it cannot be read, is not a .npy of version 1 or 2, has
  // Fortran order or an unknown dtype (big endian is unknown), or has too few or too many bytes.
  static NpyArray open(const std::filesystem::path& path);

  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] const std::vector<std::uint64_t>& shape() const { return shape_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return data_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Returns the elements as T. Precondition, not checked: sizeof(T) is the size of the dtype.
  template <typename T>
  [[nodiscard]] std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data_.data()), data_.size() / sizeof(T)};
  }

 private:
  std::filesystem::path path_;
  MappedFile file_;
  DType dtype_ = DType::kF32;
  std::vector<std::uint64_t> shape_;
  std::span<const std::byte> data_;
};

// Writes an array whose shape is known in advance, piece by piece in C order. The file gets its
// final name in publish(). All methods throw StoreError if the file cannot be written, and
// publish() if the bytes written do not fill the shape.
class NpyWriter {
 public:
  NpyWriter(const std::filesystem::path& path, DType dtype,
            const std::vector<std::uint64_t>& shape);
  void write(std::span<const std::byte> bytes);
  template <typename T>
  void write_values(std::span<const T> values) {
    write(std::as_bytes(values));
  }
  void publish();

 private:
  FilePublisher publisher_;
  std::uint64_t expected_bytes_;
  std::uint64_t written_bytes_ = 0;
  std::filesystem::path path_;
};

}  // namespace helip::store
