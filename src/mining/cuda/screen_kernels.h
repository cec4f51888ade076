// The kernels of the CUDA screen, and the tile that they work on. The functions start work on a
// stream and throw Error if CUDA refuses it. For .cu files alone.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "mining/screen/pair_screen.h"
#include "mining/screen/pending_candidates.h"

namespace helip::mining::cuda {

// A candidate that the screen could not rule out.
struct Survivor {
  std::uint32_t id;
  ScoreRange range;
};

// A tile of targets in device memory: arrays of `targets` elements.
struct Tile {
  std::uint32_t targets = 0, capacity = 0;
  const std::int8_t *first = nullptr, *second = nullptr;  // [targets, width of the modality]
  const ScreenTarget* self = nullptr;
  const float* slopes = nullptr;  // of first_passes
  float *thresholds = nullptr, *bounds = nullptr;
  // How many survivors each target has. Survivors beyond the capacity are counted and not kept.
  std::uint32_t* counts = nullptr;
  std::uint32_t* positives = nullptr;  // as in TakenTarget
  Survivor* survivors = nullptr;       // [targets, capacity]
  // One value each.
  std::uint32_t* overflowed = nullptr;  // not 0 after a scan that did not fit
  std::uint32_t* most = nullptr;        // the highest count after tighten
};

// Row widths of both modalities, multiples of kInt8Padding.
struct Widths {
  std::uint32_t first = 0, second = 0;
};

// Prepares the current device for scan(). Call once for each device.
void prepare_scan();

// Appends to each target's survivors the candidates that the screen cannot rule out. `candidates`
// lie in device memory. Sets `overflowed` of the tile if they do not fit for one of the targets.
void scan(const PairScreen& screen, const Tile& tile, const CandidateRows& candidates,
          const Widths& widths, cudaStream_t stream);

// Does for all targets what ScreenLane::tighten describes, and writes the highest count to `most`
// of the tile.
void tighten(const PairScreen& screen, const Tile& tile, std::uint32_t k, cudaStream_t stream);

// Raises bounds that are lower than `bounds`, [targets] in device memory, to these, and adapts the
// thresholds.
void raise(const PairScreen& screen, const Tile& tile, const float* bounds, cudaStream_t stream);

// The offset of a target whose survivors pack() leaves in place.
inline constexpr std::uint64_t kNotTaken = ~std::uint64_t{0};

// Writes the survivors of target t from packed[offsets[t]] on, then leaves the target no survivors
// and no positives. Skips targets whose offset is kNotTaken.
void pack(const Tile& tile, const std::uint64_t* offsets, PendingCandidates::Candidate* packed,
          cudaStream_t stream);

}  // namespace helip::mining::cuda
