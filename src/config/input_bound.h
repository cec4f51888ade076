// The limit above which training is reported as input bound: it waits for its data.
#pragma once

namespace helip::config {

// Training is input bound if it spends more than this share of its time waiting for batches.
inline constexpr double kInputBoundShare = 0.2;

}  // namespace helip::config
