// A tensor's bytes where they lie in a file, and what its numbers are.
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

// Bytes of one element; 0 for an unknown dtype.
std::uint64_t dtype_bytes(std::string_view dtype);

// F64, F32, F16 or BF16.
bool is_floating(std::string_view dtype);

// "[2, 3]", for messages.
std::string shape_text(const std::vector<std::uint64_t>& shape);

// The values of a floating tensor as float32, into `out` of as many elements; F64 is rounded.
void read_floats(const TensorView& tensor, std::span<float> out);

// The largest magnitude of a floating tensor's values as float32: 0 if it has none, not a number if
// one is none.
float largest_magnitude(const TensorView& tensor);

// The values of a floating tensor as F32, F16 or BF16, rounded to nearest, ties to even. The bytes
// are unchanged if that is its dtype.
std::vector<std::byte> convert_floats(const TensorView& tensor, std::string_view dtype);

}  // namespace helip::store
