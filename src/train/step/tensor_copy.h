// Tensors copied into memory of their own, so that training goes on while they are written.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace helip::train {

class TensorCopy {
 public:
  struct Source {
    std::string name;
    // Floating-point numbers are copied as float32, other dtypes of model/layers/parameters.h's
    // dtype_name as they are. On any device; on the meta device it gives the shape alone, and the
    // caller writes the values to place().
    at::Tensor tensor;
    bool must_be_finite = true;  // no effect on integers
  };

  // Notes what take() copies, and reads no value yet. The memory of former copies is used again.
  void bind(const std::vector<Source>& sources, std::map<std::string, std::string> metadata);
  // Where take() expects the values of a floating-point tensor on the meta device, the i-th source:
  // flat, float32, on the CPU. Until the next bind().
  [[nodiscard]] at::Tensor place(std::size_t i);
  // Copies. The caller sees to it that the tensors do not change meanwhile; any thread. Throws
  // DataError naming the first tensor that holds a value that is not finite.
  void take();
  // What take() copied as safetensors; returns the file's sha256. Throws StoreError.
  [[nodiscard]] std::string write(const std::filesystem::path& file) const;

 private:
  struct Item {
    Source source;
    std::size_t offset = 0, bytes = 0;  // in memory_
  };
  // Into its place, or what is there already; false if it holds a value that is not finite.
  [[nodiscard]] bool copy(const Item& item) const;

  std::vector<Item> items_;
  std::map<std::string, std::string> metadata_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t bytes_ = 0;  // of memory_
};

}  // namespace helip::train
