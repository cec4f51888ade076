// safetensors files, without LibTorch: the container of weights, checkpoints and task results.
// open() checks that the header has at most 16 MiB and 100,000 tensors and no name twice, that each
// tensor is as long as its dtype and shape say, and that tensors neither leave gaps nor overlap.
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
  // Maps a file. Throws StoreError naming the file, and the tensor at fault if there is one, if the
  // file cannot be read or fails a check.
  static SafetensorsFile open(const std::filesystem::path& path);

  [[nodiscard]] const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Returns the tensor of that name. Throws StoreError if there is no such tensor or its dtype
  // differs.
  [[nodiscard]] const TensorView& tensor(const std::string& name, const std::string& dtype) const;
  // Returns the elements of tensor(name, dtype). Precondition, not checked: T has the size of the
  // dtype, and the data are aligned for T.
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

// Publishes a file atomically and returns its sha256. The data section starts at a multiple of 8
// and tensors follow in the order of their names, so equal content gives equal bytes. Throws
// StoreError if a tensor has an unknown dtype or data of another length, or if the file cannot be
// written.
std::string write_safetensors(const std::filesystem::path& path,
                              const std::map<std::string, TensorView>& tensors,
                              const std::map<std::string, std::string>& metadata);

}  // namespace helip::store
