// Sums of equal arrays of several ranks, element by element in rank order: ((x0 + x1) + x2) + …, so
// that a sum does not depend on how it was cut into messages. Torch-free.
#pragma once

#include <cstddef>
#include <span>

namespace helip::comm {

enum class Number { kF32, kF64, kBF16, kI32, kI64 };

// Returns the bytes of one number.
std::size_t size_of(Number number);

// Writes out[i] = sum over r of parts[r][i] for i < count; there must be a part. `out` may be one
// of the parts. bfloat16 is added in float32 and rounded once, to nearest even; integers wrap
// around.
void sum_in_rank_order(Number number, std::span<const void* const> parts, std::size_t count,
                       void* out);

}  // namespace helip::comm
