// Drives a screen lane over all candidates in chunks that grow as fast as its buffers allow.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "mining/screen/screen_device.h"

namespace helip::mining {

// Computes the exact scores of the taken candidates. Returns the bounds of all targets of the tile,
// which these scores may have raised.
using RescoreTaken = std::function<std::span<const float>(std::span<TakenTarget>)>;

// Screens candidates [0, candidates) for the tile that the lane has begun. Calls `rescore` for the
// candidates that the screen could not rule out, each once; its last call gets the rest of all
// targets. `capacity` is ScreenSizes::capacity of the lane. Throws Error if the lane reports an
// overflow though the candidates fit.
//
// The result does not depend on the order in which the device works. Bounds do not change while a
// chunk is screened, so the candidates that the chunk appends are a pure function of (bounds,
// chunk). The k-th highest lower bound is a function of the set of pending candidates. Whether a
// buffer overflows depends on counts alone, and an overflow is undone before the host sees its
// candidates. So chunks, bounds and sets of survivors are the same on every run. The result would
// be the same even if they were not: every dropped candidate has an upper bound below a bound that
// k other scores reach, and Rescorer and TopK order the rest by score and lower id.
void scan_in_chunks(ScreenLane& lane, std::uint64_t candidates, std::uint32_t capacity,
                    const RescoreTaken& rescore);

}  // namespace helip::mining
