// The search of a few hundred targets over candidates: an 8-bit screen with proven bounds, then
// exact_pair_score for the candidates that it could not rule out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "mining/pairs/miner_options.h"
#include "mining/screen/candidate_panels.h"

namespace helip::mining {

// The most targets of a tile that is compared with all candidates: their rows stay in the
// second-level cache.
inline constexpr std::size_t kTargetsPerTile = 480;

// For one thread. Finds the hard pairs of an exhaustive search over all candidates that were
// scanned, in whatever order. `data` and `options` must outlive it.
class TileSearch {
 public:
  // Throws ConfigError as int8_kernel does.
  TileSearch(const MiningData& data, const MinerOptions& options,
             std::span<const std::uint32_t> targets);
  ~TileSearch();
  TileSearch(const TileSearch&) = delete;
  TileSearch& operator=(const TileSearch&) = delete;

  // Compares the candidates of these panels with all targets, or with the targets at `members`,
  // indices into the tile. No candidate may come twice for one target.
  void scan(const CandidatePanels& panels);
  void scan(const CandidatePanels& panels, std::span<const std::uint32_t> members);
  // Returns the k-th highest score of target t of the tile so far, 0 while it has fewer than k hard
  // pairs. Rescores the pending candidates first.
  float kth_score(std::size_t t);
  // Writes the k hard pairs of target t of the tile, after rescoring its pending candidates.
  // Returns how many slots are filled before the optional filters.
  std::uint32_t write(std::size_t t, std::span<std::uint32_t> indices, std::span<float> scores);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::mining
