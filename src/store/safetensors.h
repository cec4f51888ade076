// safetensors files, without LibTorch: the container of weights, checkpoints and task results.
// Checked on open: header at most 16 MiB, at most 100,000 tensors, offsets inside the file,
// contiguous and not overlapping, product of shape and dtype equal to the length. Throws StoreError
// naming the file and the tensor.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "common/mapped_file.h"
#include "store/tensor_view.h"

namespace helip::store {

// Memory-mapped; immutable; safe from many threads. Views live as long as the object.
class SafetensorsFile {
 public:
  static SafetensorsFile open(const std::filesystem::path& path);

  [[nodiscard]] const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Throws StoreError if there is no such tensor or its dtype differs.
  [[nodiscard]] const TensorView& tensor(const std::string& name, const std::string& dtype) const;
  template <typename T>
  [[nodiscard]] std::span<const T> values(const std::string& name, const std::string& dtype) const {
    const TensorView& view = tensor(name, dtype);
    return {reinterpret_cast<const T*>(view.data.data()), view.data.size() / sizeof(T)};
  }

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::map<std::string, TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Writes atomically; the data section starts at a multiple of 8 and tensors follow in the order of
// their names, so equal content gives equal bytes. Returns the sha256 of the file.
std::string write_safetensors(const std::filesystem::path& path,
                              const std::map<std::string, TensorView>& tensors,
                              const std::map<std::string, std::string>& metadata);

}  // namespace helip::store
