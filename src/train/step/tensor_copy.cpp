#include "train/step/tensor_copy.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "model/layers/parameters.h"
#include "store/safetensors.h"

namespace helip::train {
namespace {

// False if there are infinities or what is no number.
bool all_finite(const float* values, std::size_t count) {
  constexpr std::uint32_t kExponent = 0x7F800000;
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, values + i, sizeof bits);
    bad |= static_cast<std::uint32_t>((bits & kExponent) == kExponent);
  }
  return bad == 0;
}

// Copies and looks on the way, by blocks that stay in the cache between the two.
bool copy_finite(const float* from, float* to, std::size_t count) {
  constexpr std::size_t kBlock = 4096;
  bool finite = true;
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t length = std::min(kBlock, count - first);
    std::memcpy(to + first, from + first, length * sizeof(float));
    finite = all_finite(to + first, length) && finite;
  }
  return finite;
}

at::ScalarType stored_type(const at::Tensor& tensor) {
  return tensor.is_floating_point() ? at::kFloat : tensor.scalar_type();
}

}  // namespace

void TensorCopy::bind(const std::vector<Source>& sources,
                      std::map<std::string, std::string> metadata) {
  constexpr std::size_t kAlign = 64;
  metadata_ = std::move(metadata);
  items_.clear();
  std::size_t bytes = 0;
  for (const Source& source : sources) {
    const std::size_t length = static_cast<std::size_t>(source.tensor.numel()) *
                               c10::elementSize(stored_type(source.tensor));
    items_.push_back({.source = {.name = source.name,
                                 .tensor = source.tensor.detach(),
                                 .must_be_finite = source.must_be_finite},
                      .offset = bytes,
                      .bytes = length});
    bytes += (length + kAlign - 1) / kAlign * kAlign;
  }
  if (bytes <= bytes_) return;
  memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
  bytes_ = bytes;
}

at::Tensor TensorCopy::place(std::size_t i) {
  const Item& item = items_.at(i);
  return at::from_blob(memory_.get() + item.offset, {item.source.tensor.numel()},
                       at::TensorOptions().dtype(at::kFloat));
}

bool TensorCopy::copy(const Item& item) const {
  const at::Tensor& from = item.source.tensor;
  std::byte* to = memory_.get() + item.offset;
  auto* numbers = reinterpret_cast<float*>(to);
  const auto count = static_cast<std::size_t>(from.numel());
  if (count == 0) return true;
  if (from.is_meta()) return all_finite(numbers, count);
  const at::Tensor values = from.to(at::kCPU, stored_type(from)).contiguous();
  if (values.scalar_type() == at::kFloat) {
    return copy_finite(values.const_data_ptr<float>(), numbers, count);
  }
  std::memcpy(to, values.const_data_ptr(), item.bytes);
  return true;
}

void TensorCopy::take() {
  for (const Item& item : items_) {
    if (copy(item) || !item.source.must_be_finite) continue;
    throw DataError({.what = "a checkpoint is refused: it would hold a value that is not finite",
                     .where = cat("tensor ", item.source.name),
                     .expected = "finite weights and moments",
                     .found = "infinity or not a number"});
  }
}

std::string TensorCopy::write(const std::filesystem::path& file) const {
  std::map<std::string, store::TensorView> views;
  for (const Item& item : items_) {
    const at::Tensor& tensor = item.source.tensor;
    views[item.source.name] = {.dtype = model::dtype_name(stored_type(tensor)),
                               .shape = {tensor.sizes().begin(), tensor.sizes().end()},
                               .data = {memory_.get() + item.offset, item.bytes}};
  }
  return store::write_safetensors(file, views, metadata_);
}

}  // namespace helip::train
