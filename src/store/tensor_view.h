// A tensor as it lies in a file: its bytes, dtype and shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace helip::store {

// dtype names are those of safetensors: "F32", "F16", "BF16", "F64", "I64", "I32", "I16", "I8",
// "U32", "U8", "BOOL". Row-major, little endian; `data` need not be aligned.
struct TensorView {
  std::string dtype;
  std::vector<std::uint64_t> shape = {};  // empty: a scalar
  std::span<const std::byte> data = {};
};

// Returns the bytes of one element; 0 for an unknown dtype.
std::uint64_t dtype_bytes(std::string_view dtype);

// Returns true for F64, F32, F16 and BF16.
bool is_floating(std::string_view dtype);

// Returns the shape as text for messages: "[2, 3]".
std::string shape_text(const std::vector<std::uint64_t>& shape);

// Writes the values of a floating tensor as float32 to `out`, which has one element for each value.
// F64 is rounded.
void read_floats(const TensorView& tensor, std::span<float> out);

// Returns the largest magnitude of a floating tensor's values, read as float32. Returns 0 if the
// tensor is empty and a NaN if one of the values is a NaN.
float largest_magnitude(const TensorView& tensor);

// Returns the bytes of a floating tensor converted to `dtype` (F32, F16 or BF16), rounded to
// nearest, ties to even. F64 is rounded to float32 first. Returns the bytes unchanged if the tensor
// has this dtype.
std::vector<std::byte> convert_floats(const TensorView& tensor, std::string_view dtype);

}  // namespace helip::store
