// A check that all ranks hold the same weights. A fault of memory or of a library can make ranks
// drift apart, and training would go on without a sign of it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "comm/collectives.h"

namespace helip::train {

// Compares the weights of all ranks by a digest of each parameter, the sum of its bits as int32; a
// collective. `parameters` has the same names in the same order on all ranks. Throws CommError on
// all ranks, naming the ranks that differ from the largest group of equal ranks, and the first
// parameter in which one of them differs; `step` stands in the message.
void check_equal_weights(comm::Collectives& ranks,
                         const std::vector<std::pair<std::string, at::Tensor>>& parameters,
                         std::uint64_t step);

}  // namespace helip::train
