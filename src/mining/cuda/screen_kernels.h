// The kernels of the CUDA screen, and the tile that they work on. For .cu files alone.
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
  // Survivors of each target; beyond the capacity they are counted and not kept.
  std::uint32_t* counts = nullptr;
  std::uint32_t* positives = nullptr;  // as TakenTarget has them
  Survivor* survivors = nullptr;       // [targets, capacity]
  // One value each.
  std::uint32_t* overflowed = nullptr;  // not 0 after a scan that did not fit
  std::uint32_t* most = nullptr;        // the highest count after tighten
};

// Row widths of both modalities, multiples of kInt8Padding.
struct Widths {
  std::uint32_t first = 0, second = 0;
};

// Call once for a device before scan.
void prepare_scan();

// Appends to each target's survivors what the screen cannot rule out among the candidates, which
// lie in device memory.
void scan(const PairScreen& screen, const Tile& tile, const CandidateRows& candidates,
          const Widths& widths, cudaStream_t stream);

// ScreenLane::tighten for all targets.
void tighten(const PairScreen& screen, const Tile& tile, std::uint32_t k, cudaStream_t stream);

// Bounds that are lower than `bounds` become these, and thresholds follow.
void raise(const PairScreen& screen, const Tile& tile, const float* bounds, cudaStream_t stream);

// Writes the survivors of target t from packed[offsets[t]] on and leaves none and no positives with
// it; not for targets whose offset is kNotTaken.
inline constexpr std::uint64_t kNotTaken = ~std::uint64_t{0};
void pack(const Tile& tile, const std::uint64_t* offsets, PendingCandidates::Candidate* packed,
          cudaStream_t stream);

}  // namespace helip::mining::cuda
