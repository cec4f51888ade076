// One file of torch.save or torch.jit.save: its pickle as data, its tensors as views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "store/tensor_view.h"
#include "weights/pickle_value.h"
#include "weights/zip_file.h"

namespace helip::weights {

// Not safe from several threads. Views live as long as the object.
class TorchFile {
 public:
  // Returns true if the file begins as a zip archive.
  static bool is_archive(const std::filesystem::path& path);
  // Opens the file. Throws StoreError if it is not an archive of torch.save, is damaged or of
  // another byte order, or if its pickle holds more than data (weights/unpickler.h).
  static TorchFile open(const std::filesystem::path& path);

  [[nodiscard]] std::uint64_t file_size() const { return zip_.file_size(); }
  [[nodiscard]] const Value& root() const { return pickle_.root; }
  // Returns true if torch.jit.save wrote the file: then root() is a module.
  [[nodiscard]] bool torch_script() const;

  // Returns the tensor's values in row-major order: a view of the file, or a copy where the strides
  // are others. Throws StoreError naming `name` if the tensor reaches outside its storage, if the
  // storage's record is missing, of another size or damaged (CRC-32), or if copies would exceed the
  // file's size.
  store::TensorView view(const PickledTensor& tensor, const std::string& name);

 private:
  TorchFile(const std::filesystem::path& path, ZipFile zip);
  std::span<const std::byte> record(const Storage& storage, const std::string& name);
  std::span<const std::byte> copy(const PickledTensor& tensor, std::span<const std::byte> storage,
                                  std::uint64_t bytes, const std::string& name);
  [[noreturn]] void fail(const std::string& name, const std::string& what,
                         const std::string& expected = {}, const std::string& found = {}) const;

  std::filesystem::path path_;
  ZipFile zip_;
  std::string folder_;  // "archive/"
  Pickle pickle_;
  std::map<std::string, std::span<const std::byte>> records_;  // the checked ones
  std::deque<std::vector<std::byte>> copies_;
  std::uint64_t copied_ = 0;
};

}  // namespace helip::weights
