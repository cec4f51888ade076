#include "store/tensor_view.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>

#include "common/text.h"
#include "store/half.h"

namespace helip::store {
namespace {

struct DTypeSize {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<DTypeSize, 11> kDTypes = {{{"BOOL", 1},
                                                {"U8", 1},
                                                {"I8", 1},
                                                {"I16", 2},
                                                {"F16", 2},
                                                {"BF16", 2},
                                                {"I32", 4},
                                                {"U32", 4},
                                                {"F32", 4},
                                                {"I64", 8},
                                                {"F64", 8}}};

// out[i] = of(in[i]); neither side need be aligned.
template <typename In, typename Out, typename Of>
void each(const std::byte* in, std::byte* out, std::size_t count, Of of) {
  for (std::size_t i = 0; i < count; ++i) {
    In value;
    std::memcpy(&value, in + i * sizeof value, sizeof value);
    const Out result = of(value);
    std::memcpy(out + i * sizeof result, &result, sizeof result);
  }
}

}  // namespace

std::uint64_t dtype_bytes(std::string_view dtype) {
  for (const DTypeSize& entry : kDTypes) {
    if (entry.name == dtype) return entry.bytes;
  }
  return 0;
}

bool is_floating(std::string_view dtype) {
  return dtype == "F32" || dtype == "F16" || dtype == "BF16" || dtype == "F64";
}

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text;
  for (const std::uint64_t extent : shape) text += cat(text.empty() ? "" : ", ", extent);
  return "[" + text + "]";
}

void read_floats(const TensorView& tensor, std::span<float> out) {
  assert(is_floating(tensor.dtype) && tensor.data.size() == out.size() * dtype_bytes(tensor.dtype));
  const std::byte* in = tensor.data.data();
  auto* const to = reinterpret_cast<std::byte*>(out.data());
  if (tensor.dtype == "F32") {
    if (!out.empty()) std::memcpy(to, in, out.size_bytes());
  } else if (tensor.dtype == "F16") {
    each<std::uint16_t, float>(in, to, out.size(), half_to_float);
  } else if (tensor.dtype == "BF16") {
    each<std::uint16_t, float>(in, to, out.size(), bfloat16_to_float);
  } else {
    each<double, float>(in, to, out.size(), [](double value) { return static_cast<float>(value); });
  }
}

float largest_magnitude(const TensorView& tensor) {
  constexpr std::size_t kBlock = 4096;
  std::array<float, kBlock> block;
  const std::size_t width = dtype_bytes(tensor.dtype);
  const std::size_t count = tensor.data.size() / width;
  float largest = 0;
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t size = std::min(kBlock, count - first);
    const std::span<float> values(block.data(), size);
    read_floats({.dtype = tensor.dtype, .data = tensor.data.subspan(first * width, size * width)},
                values);
    for (const float value : values) {
      if (std::isnan(value)) return value;
      largest = std::max(largest, std::fabs(value));
    }
  }
  return largest;
}

std::vector<std::byte> convert_floats(const TensorView& tensor, std::string_view dtype) {
  if (tensor.dtype == dtype) return {tensor.data.begin(), tensor.data.end()};
  std::vector<float> floats(tensor.data.size() / dtype_bytes(tensor.dtype));
  read_floats(tensor, floats);
  std::vector<std::byte> result(floats.size() * dtype_bytes(dtype));
  const auto* const in = reinterpret_cast<const std::byte*>(floats.data());
  if (dtype == "F32") {
    if (!result.empty()) std::memcpy(result.data(), in, result.size());
  } else {
    each<float, std::uint16_t>(in, result.data(), floats.size(),
                               dtype == "F16" ? float_to_half : float_to_bfloat16);
  }
  return result;
}

}  // namespace helip::store
