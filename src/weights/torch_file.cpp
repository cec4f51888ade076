#include "weights/torch_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "common/error.h"
#include "common/text.h"
#include "weights/limits.h"
#include "weights/unpickler.h"

namespace helip::weights {
namespace {

constexpr std::string_view kPickleRecord = "data.pkl";
constexpr std::string_view kZipMagic = "PK\x03\x04";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The folder of all records is named by whoever wrote the file: FOLDER/data.pkl.
std::string find_folder(const ZipFile& zip, const std::filesystem::path& path) {
  std::string folder;
  for (const auto& [name, entry] : zip.entries()) {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos || name.substr(slash + 1) != kPickleRecord) continue;
    if (!folder.empty()) {
      throw StoreError({.what = "not a file of torch.save: it holds two archives",
                        .where = path.string(),
                        .expected = "one data.pkl"});
    }
    folder = name.substr(0, slash + 1);
  }
  if (folder.empty()) {
    throw StoreError({.what = "not a file of torch.save: a zip archive without data.pkl",
                      .where = path.string()});
  }
  return folder;
}

// Elements of a tensor; false if they overflow.
bool elements_of(const PickledTensor& tensor, std::uint64_t& elements) {
  elements = 1;
  // An extent of 0 makes the tensor empty, however large the others are.
  if (std::find(tensor.shape.begin(), tensor.shape.end(), 0U) != tensor.shape.end()) {
    elements = 0;
    return true;
  }
  for (const std::uint64_t extent : tensor.shape) {
    if (__builtin_mul_overflow(elements, extent, &elements)) return false;
  }
  return true;
}

// One past the last element that the tensor reaches in its storage; false if it overflows.
bool end_of(const PickledTensor& tensor, std::uint64_t& end) {
  end = tensor.offset;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    std::uint64_t reach = 0;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach) ||
        __builtin_add_overflow(end, reach, &end)) {
      return false;
    }
  }
  return !__builtin_add_overflow(end, 1, &end);
}

bool row_major(const PickledTensor& tensor) {
  std::uint64_t expected = 1;
  for (std::size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
    expected *= tensor.shape[i];
  }
  return true;
}

}  // namespace

bool TorchFile::is_archive(const std::filesystem::path& path) {
  const MappedFile file(path);
  return text_of(file.bytes()).starts_with(kZipMagic);
}

TorchFile::TorchFile(const std::filesystem::path& path, ZipFile zip)
    : path_(path), zip_(std::move(zip)), folder_(find_folder(zip_, path)) {}

TorchFile TorchFile::open(const std::filesystem::path& path) {
  TorchFile file(path, ZipFile::open(path));
  if (const std::string order = file.folder_ + "byteorder"; file.zip_.entries().contains(order)) {
    const std::string_view found = text_of(file.zip_.read(order));
    if (found != "little") {
      throw StoreError({.what = "the file was written by a machine of another byte order",
                        .where = path.string(),
                        .expected = "little",
                        .found = std::string(found)});
    }
  }
  const std::string name = file.folder_ + std::string(kPickleRecord);
  file.pickle_ =
      unpickle(file.zip_.read(name), path.string() + ": " + name, max_opcodes(file.file_size()));
  return file;
}

bool TorchFile::torch_script() const {
  const auto* const object = std::get_if<Object*>(&root());
  return object != nullptr && (*object)->type->kind == GlobalKind::kTorchScriptModule;
}

void TorchFile::fail(const std::string& name, const std::string& what, const std::string& expected,
                     const std::string& found) const {
  throw StoreError({.what = "tensor '" + name + "' " + what,
                    .where = path_.string(),
                    .expected = expected,
                    .found = found});
}

std::span<const std::byte> TorchFile::record(const Storage& storage, const std::string& name) {
  const std::string record = folder_ + "data/" + std::string(storage.key);
  auto known = records_.find(record);
  if (known == records_.end()) known = records_.emplace(record, zip_.read(record)).first;
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(storage.elements, store::dtype_bytes(storage.dtype), &bytes) ||
      bytes != known->second.size()) {
    fail(name, "has a storage of another size than the record that holds it",
         cat(storage.elements, " elements of ", storage.dtype),
         cat(known->second.size(), " bytes"));
  }
  return known->second;
}

store::TensorView TorchFile::view(const PickledTensor& tensor, const std::string& name) {
  const std::span<const std::byte> storage = record(*tensor.storage, name);
  const std::uint64_t width = store::dtype_bytes(tensor.storage->dtype);
  store::TensorView view{.dtype = std::string(tensor.storage->dtype), .shape = tensor.shape};
  std::uint64_t elements = 0;
  std::uint64_t end = 0;
  if (!elements_of(tensor, elements)) fail(name, "has an absurd shape");
  if (elements == 0) return view;
  if (!end_of(tensor, end) || end > tensor.storage->elements) {
    fail(name, "reaches outside its storage",
         cat("at most ", tensor.storage->elements, " elements"),
         cat("shape ", store::shape_text(tensor.shape), ", strides ",
             store::shape_text(tensor.strides), ", offset ", tensor.offset));
  }
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(elements, width, &bytes)) fail(name, "has an absurd shape");
  view.data = row_major(tensor) ? storage.subspan(tensor.offset * width, bytes)
                                : copy(tensor, storage, bytes, name);
  return view;
}

std::span<const std::byte> TorchFile::copy(const PickledTensor& tensor,
                                           std::span<const std::byte> storage, std::uint64_t bytes,
                                           const std::string& name) {
  // Expanded tensors may be far larger than what the file holds of them.
  if (bytes > zip_.file_size() - copied_) {
    fail(name, "is larger than its file: it repeats its storage",
         cat("at most ", zip_.file_size() - copied_, " bytes of tensors that are not row-major"),
         cat(bytes, " bytes"));
  }
  copied_ += bytes;
  const std::uint64_t width = store::dtype_bytes(tensor.storage->dtype);
  std::vector<std::byte>& out = copies_.emplace_back(bytes);
  std::vector<std::uint64_t> index(tensor.shape.size(), 0);
  std::uint64_t from = tensor.offset;
  for (std::uint64_t at = 0; at < bytes; at += width) {
    std::memcpy(out.data() + at, storage.data() + from * width, width);
    // The next index, the last dimension first.
    for (std::size_t i = index.size(); i-- > 0;) {
      from += tensor.strides[i];
      if (++index[i] < tensor.shape[i]) break;
      from -= tensor.strides[i] * tensor.shape[i];
      index[i] = 0;
    }
  }
  return out;
}

}  // namespace helip::weights
