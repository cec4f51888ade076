// LibTorch's dtypes that MPI sums know.
#pragma once

#include <c10/core/ScalarType.h>

#include "comm/ordered_sum.h"

namespace helip::comm {

// Throws CommError for other dtypes than float32, float64, bfloat16, int32, int64.
Number number_of(c10::ScalarType dtype);

}  // namespace helip::comm
