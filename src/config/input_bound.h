// When training is said to wait for its data.
#pragma once

namespace helip::config {

// Training is input bound if more than this share of its time goes into waiting for batches.
inline constexpr double kInputBoundShare = 0.2;

}  // namespace helip::config
