// The dtypes of LibTorch that can be summed over MPI.
#pragma once

#include <c10/core/ScalarType.h>

#include "comm/ordered_sum.h"

namespace helip::comm {

// Returns the number type of a dtype. Throws CommError unless it is float32, float64, bfloat16,
// int32 or int64.
Number number_of(c10::ScalarType dtype);

}  // namespace helip::comm
