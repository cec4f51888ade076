// Copies of tensors, so that training goes on while they are written.
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
    // Lies on any device. Floating-point numbers are copied as float32, other dtypes, which
    // dtype_name (model/layers/parameters.h) must know, as they are. On the meta device a tensor
    // gives its shape alone, and the caller writes its values to place().
    at::Tensor tensor;
    bool must_be_finite = true;  // no effect on integers
  };

  // Notes the tensors that take() copies, without reading their values. Uses the memory of former
  // copies again.
  void bind(const std::vector<Source>& sources, std::map<std::string, std::string> metadata);
  // Returns the place to which the caller writes the values of source i, a floating-point tensor on
  // the meta device: flat, float32, on the CPU. Valid until the next bind().
  [[nodiscard]] at::Tensor place(std::size_t i);
  // Copies the tensors, which must not change meanwhile; on any thread. Throws DataError naming the
  // first tensor that holds a value that is not finite and must be.
  void take();
  // Writes the copies as safetensors and returns the file's sha256. Throws StoreError.
  [[nodiscard]] std::string write(const std::filesystem::path& file) const;

 private:
  struct Item {
    Source source;
    std::size_t offset = 0, bytes = 0;  // in memory_
  };
  // Copies one tensor to its place; on the meta device its values are there already. Returns false
  // if a floating-point value is not finite.
  [[nodiscard]] bool copy(const Item& item) const;

  std::vector<Item> items_;
  std::map<std::string, std::string> metadata_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t bytes_ = 0;  // of memory_
};

}  // namespace helip::train
