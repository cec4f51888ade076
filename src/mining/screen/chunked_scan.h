// Drives a screen lane over all candidates in chunks that grow as fast as its buffers allow.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "mining/screen/screen_device.h"

namespace helip::mining {

// Scores what was taken exactly; returns bounds of all targets of the tile, higher by that.
using RescoreTaken = std::function<std::span<const float>(std::span<TakenTarget>)>;

// Screens candidates [0, candidates) for the lane's tile; `rescore` gets each target's survivors,
// each of them once, the last of all targets at the end.
//
// The result does not depend on the device's order. While a chunk is screened the bounds stand
// still, so which candidates it appends is a pure function of (bounds, chunk), and the k-th highest
// lower bound one of what is pending as a set; whether a buffer overflows depends on counts alone,
// and an overflow is undone before anybody sees it. So chunks, bounds and sets of survivors are the
// same on every run. They would not have to be: every candidate that is ever dropped has an upper
// bound below a bound that k other scores reach, and Rescorer and TopK order the rest by score and
// lower id.
void scan_in_chunks(ScreenLane& lane, std::uint64_t candidates, std::uint32_t capacity,
                    const RescoreTaken& rescore);

}  // namespace helip::mining
