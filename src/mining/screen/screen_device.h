// The interface of exact mining to a device: the device rules out candidates of a tile of targets,
// the host directs it (chunked_scan.h) and computes the exact scores of the rest (device_miner.h).
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
  std::uint32_t capacity = 0;      // the most pending candidates of a target; at least 2
};

// Returns sizes for tiles of 4,096 targets with room for 4,096 pending candidates each (48 KiB a
// target). For k above 1,024 returns more room and fewer targets, at least 128.
ScreenSizes screen_sizes(std::uint32_t k);

// The work of a device: a corpus with its modalities in the order in which they are screened. The
// data must outlive it.
struct ScreenJob {
  ScreenJob(const MiningData& data, const MinerOptions& options, const ScreenSizes& buffers);

  [[nodiscard]] std::uint64_t pairs() const { return first.rows(); }
  // Returns a target for the screen. Its scales are 0 if it cannot have hard pairs.
  [[nodiscard]] ScreenTarget target(std::uint64_t id) const;
  // Returns candidates [first, first + count), which lie in host memory.
  [[nodiscard]] CandidateRows candidates(std::uint64_t first, std::uint64_t count) const;

  const MiningData& data;
  const Int8Rows &first, &second;
  PairScreen screen;
  std::uint32_t k;
  ScreenSizes sizes;
  std::vector<float> first_errors;          // [N], minus infinity for quarantined pairs
  std::vector<std::uint8_t> may_be_capped;  // [N], see CandidateRows; empty without per_group
};

// The candidates of one target that were pending.
struct TakenTarget {
  std::uint32_t index = 0;  // in the tile
  float bound = 0;          // scores below it are not among the k highest
  // Candidates with a positive score that the filters leave out, counted since the last take.
  std::uint32_t positives = 0;
  // In no order; some may lie below the bound. They lie in the lane's memory, valid until its next
  // call.
  std::span<PendingCandidates::Candidate> candidates;
};

// Screens one tile at a time; for one thread at a time. Each call returns after the device has done
// the work.
class ScreenLane {
 public:
  virtual ~ScreenLane() = default;
  // Begins a tile of at most tile_targets targets: nothing is pending, bounds are 0.
  virtual void begin(TargetRange targets) = 0;
  // Appends the candidates in [first, first + count) that the screen cannot rule out to the pending
  // ones. Returns false, with the tile as it was before, if they do not fit for one of the targets.
  virtual bool scan(std::uint64_t first, std::uint64_t count) = 0;
  // Raises each target's bound to the k-th highest lower bound of its pending candidates, and to
  // min_score if it has k positives, and drops the candidates below. Returns the largest number of
  // pending candidates that a target has left.
  virtual std::uint32_t tighten() = 0;
  // Returns the targets that have at least `least` pending candidates, with these candidates, and
  // leaves them none and no positives.
  virtual std::vector<TakenTarget> take(std::uint32_t least) = 0;
  // Raises the bounds of all targets of the tile to `bounds`, known from elsewhere; a lower one
  // changes nothing.
  virtual void raise(std::span<const float> bounds) = 0;
};

// Safe from many threads.
class ScreenDevice {
 public:
  virtual ~ScreenDevice() = default;
  [[nodiscard]] virtual ScreenSizes sizes() const = 0;
  // Returns new lanes that work independently, enough to keep the device busy while the host
  // rescores a tile.
  virtual std::vector<std::unique_ptr<ScreenLane>> lanes() = 0;
};

}  // namespace helip::mining
