// The seam of exact mining on a device: the device rules out candidates of a tile of targets, the
// host directs it (chunked_scan.h) and scores exactly what is left (device_miner.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mining/kernels/int8_rows.h"
#include "mining/mining_job.h"
#include "mining/pairs/miner_options.h"
#include "mining/pairs/mining_data.h"
#include "mining/screen/pair_screen.h"
#include "mining/screen/pending_candidates.h"

namespace helip::mining {

// Sizes of a device's buffers. The result does not depend on them.
struct ScreenSizes {
  std::uint32_t tile_targets = 0;  // the most targets of a tile
  std::uint32_t capacity = 0;      // candidates that may be pending of one target; at least 2
};

// Tiles of up to 4,096 targets with room for 4,096 pending candidates each (48 KiB a target); fewer
// targets where k needs more room.
ScreenSizes screen_sizes(std::uint32_t k);

// What a device screens: a corpus in the order of modalities in which it is screened. The data must
// outlive it.
struct ScreenJob {
  ScreenJob(const MiningData& data, const MinerOptions& options, const ScreenSizes& buffers);

  [[nodiscard]] std::uint64_t pairs() const { return first.rows(); }
  [[nodiscard]] ScreenTarget target(std::uint64_t id) const;
  // Candidates [first, first + count) where they lie in host memory.
  [[nodiscard]] CandidateRows candidates(std::uint64_t first, std::uint64_t count) const;

  const MiningData& data;
  const Int8Rows &first, &second;
  PairScreen screen;
  std::uint32_t k;
  ScreenSizes sizes;
  std::vector<float> first_errors;  // [N], as CandidateRows has them
};

// What was pending of one target.
struct TakenTarget {
  std::uint32_t index = 0;  // in the tile
  float bound = 0;          // scores below it are not among the k highest
  // Candidates with a positive score that the filters leave out, counted since the last take.
  std::uint32_t positives = 0;
  // In no order; those below the bound may be among them. The lane's memory, until its next call.
  std::span<PendingCandidates::Candidate> candidates;
};

// Screens one tile at a time; for one thread at a time. After each call the device has done it.
class ScreenLane {
 public:
  virtual ~ScreenLane() = default;
  // A new tile: nothing is pending, bounds are 0. At most tile_targets.
  virtual void begin(TargetRange targets) = 0;
  // Appends what the screen cannot rule out among candidates [first, first + count). False if a
  // target has more of it than fits: then the tile is as it was before.
  virtual bool scan(std::uint64_t first, std::uint64_t count) = 0;
  // Raises each target's bound to the k-th highest lower bound of what is pending and drops what
  // lies below. Returns the most candidates that are left of a target.
  virtual std::uint32_t tighten() = 0;
  // Hands out the targets with at least `least` pending candidates and leaves none with them.
  virtual std::vector<TakenTarget> take(std::uint32_t least) = 0;
  // Bounds known from elsewhere, of all targets of the tile; a lower one changes nothing.
  virtual void raise(std::span<const float> bounds) = 0;
};

// Safe from many threads.
class ScreenDevice {
 public:
  virtual ~ScreenDevice() = default;
  [[nodiscard]] virtual ScreenSizes sizes() const = 0;
  // Returns lanes that work independently, enough to keep the device busy while the host rescores a
  // tile.
  virtual std::vector<std::unique_ptr<ScreenLane>> lanes() = 0;
};

}  // namespace helip::mining
