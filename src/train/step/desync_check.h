// Whether all ranks hold the same weights. Ranks that have drifted apart, by a fault of memory or
// of a library, would go on without a sign of it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "comm/collectives.h"

namespace helip::train {

// Collective. Compares a digest of each parameter's bits (by name and in one order on all
// ranks). Throws CommError on all ranks, naming the ranks that differ from the most and the first
// parameter in which one does; `step` stands in the message.
void check_equal_weights(comm::Collectives& ranks,
                         const std::vector<std::pair<std::string, at::Tensor>>& parameters,
                         std::uint64_t step);

}  // namespace helip::train
