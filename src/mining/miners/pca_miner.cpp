#include "mining/miners/pca_miner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/text.h"
#include "mining/kernels/parallel.h"
#include "mining/screen/rescorer.h"
#include "mining/screen/screened_search.h"

namespace helip::mining {
namespace {

// Dimensions tried: these, and doubled until all are there.
constexpr std::uint32_t kLeastDims = 32;
// The most pairs that a target keeps for each slot.
constexpr std::uint64_t kMostPerSlot = 16;
// Targets whose kept pairs are held at a time.
constexpr std::uint64_t kTargetsAtOnce = 8192;
constexpr std::uint64_t kTargetsPerPiece = 32;

class PcaMiner final : public PairMiner {
 public:
  PcaMiner(const MiningData& data, const MinerOptions& options,
           std::unique_ptr<const PcaVectors> vectors, std::uint32_t kept)
      : data_(data),
        options_(options),
        vectors_(std::move(vectors)),
        kept_(kept),
        search_(vectors_->data(), vectors_->options(kept), CandidateIds::all(data.pairs())) {
    compared_ += vectors_->compared();
  }

  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            std::span<std::uint32_t> filled, const Progress& progress) const override {
    for (std::uint64_t done = 0; done < targets.count;) {
      const TargetRange part{targets.first + done, std::min(kTargetsAtOnce, targets.count - done)};
      mine_part(part, indices.subspan(done * options_.k, part.count * options_.k),
                scores.subspan(done * options_.k, part.count * options_.k),
                filled.subspan(done, part.count));
      done += part.count;
      if (progress) progress(done, targets.count);
    }
  }

 private:
  void mine_part(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
                 std::span<std::uint32_t> filled) const {
    const std::size_t kept = kept_;
    std::vector<std::uint32_t> near(targets.count * kept);
    std::vector<float> cosines(near.size());
    std::vector<std::uint32_t> found(targets.count);
    search_.mine(targets, near, cosines, found, {});
    const std::uint64_t pieces = (targets.count + kTargetsPerPiece - 1) / kTargetsPerPiece;
    for_each_index(pieces, options_.threads, [&](std::uint64_t piece) {
      Rescorer rescorer(data_, options_);
      const std::uint64_t end = std::min(targets.count, (piece + 1) * kTargetsPerPiece);
      for (std::uint64_t t = piece * kTargetsPerPiece; t < end; ++t) {
        filled[t] = rescore(rescorer, static_cast<std::uint32_t>(targets.first + t),
                            std::span(near).subspan(t * kept, found[t]),
                            indices.subspan(t * options_.k, options_.k),
                            scores.subspan(t * options_.k, options_.k));
      }
    });
    compared_ += vectors_->in_full_pairs(targets.count * data_.pairs()) +
                 std::accumulate(found.begin(), found.end(), std::uint64_t{0});
  }

  // Returns the slots filled before the filters.
  std::uint32_t rescore(Rescorer& rescorer, std::uint32_t target,
                        std::span<const std::uint32_t> candidates, std::span<std::uint32_t> indices,
                        std::span<float> scores) const {
    Ranking ranking(options_);
    if (!candidates.empty()) {
      if (options_.filters.margins()) ranking.limit = rescorer.limit_of(target);
      std::vector<PendingCandidates::Candidate> pending;
      pending.reserve(candidates.size());
      // Short vectors bound no score.
      for (const std::uint32_t id : candidates) {
        pending.push_back({id, std::numeric_limits<float>::infinity()});
      }
      rescorer.rescore(target, pending, 0, ranking);
    }
    ranking.best.write(indices, scores);
    return rescorer.filled(0, ranking);
  }

  const MiningData& data_;
  MinerOptions options_;
  std::unique_ptr<const PcaVectors> vectors_;
  std::uint32_t kept_;
  ScreenedSearch search_;
};

}  // namespace

std::unique_ptr<PairMiner> make_pca_miner(const MiningData& data, const MinerOptions& options,
                                          std::unique_ptr<const PcaVectors> vectors,
                                          std::uint32_t kept) {
  return std::make_unique<PcaMiner>(data, options, std::move(vectors), kept);
}

double least_pca_share(const MiningData& data, const MinerOptions& options) {
  const double dims = joint_dims(data, options.rules.metric);
  return std::min(1.0, kLeastDims / dims) + options.k / static_cast<double>(data.pairs());
}

std::uint32_t fewest_kept(const PcaVectors& vectors, const TuningSample& sample, std::uint32_t k,
                          std::uint32_t most, double recall) {
  constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();
  const ExactRows near = mine_exactly(vectors.data(), vectors.options(most), sample.targets);
  std::vector<std::uint32_t> needed;  // of each hard pair, the pairs to be kept
  for (std::size_t t = 0; t < sample.targets.size(); ++t) {
    std::unordered_map<std::uint32_t, std::uint32_t> place;
    for (std::uint32_t i = 0; i < most; ++i) place.emplace(near.indices[t * most + i], i + 1);
    for (std::size_t slot = t * k; slot < (t + 1) * k; ++slot) {
      if (sample.exact.scores[slot] == 0) break;
      const auto found = place.find(sample.exact.indices[slot]);
      needed.push_back(found == place.end() ? kNever : found->second);
    }
  }
  if (needed.empty()) return k;
  const auto misses = static_cast<std::ptrdiff_t>(aimed_misses(recall, sample.targets.size()) *
                                                  static_cast<double>(needed.size()));
  const auto enough = needed.end() - 1 - misses;
  std::nth_element(needed.begin(), enough, needed.end());
  return *enough == kNever ? 0 : std::max(*enough, k);
}

PlannedMiner plan_pca_miner(const MiningData& data, const MinerOptions& options,
                            const IndexRule& rule, const TuningSample& sample, double limit) {
  const auto pairs = static_cast<double>(data.pairs());
  const std::uint32_t full = joint_dims(data, options.rules.metric);
  const auto most = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(data.pairs() - 1, kMostPerSlot * options.k));
  // Returns the share of exact mining's products that the search over short vectors and the exact
  // scores of the kept pairs take, for all targets.
  const auto mining_share = [&](std::uint32_t dims, std::uint32_t kept) {
    return static_cast<double>(dims) / full + kept / pairs;
  };
  PlannedMiner best;
  std::uint64_t spent = 0;
  for (std::uint32_t dims = std::min(kLeastDims, full);; dims = std::min(2 * dims, full)) {
    if (mining_share(dims, options.k) >= std::min(best.share, limit)) break;
    auto vectors = std::make_unique<const PcaVectors>(data, options, dims, rule.seed);
    const std::uint64_t tuning = vectors->in_full_pairs(sample.targets.size() * data.pairs());
    spent += tuning;
    const std::uint32_t fewest = fewest_kept(*vectors, sample, options.k, most, rule.recall);
    const std::uint32_t kept = fewest > 0 ? fewest : most;
    const double share =
        fewest == 0 ? std::numeric_limits<double>::infinity()
                    : mining_share(dims, kept) +
                          static_cast<double>(vectors->compared() + tuning) / pairs / pairs;
    if (best.miner == nullptr || share <= best.share) {
      const std::string way = cat("short vectors of ", dims, " of ", full, " dimensions, the best ",
                                  kept, " pairs of each target are scored");
      best = {make_pca_miner(data, options, std::move(vectors), kept), share, way};
    } else {
      spent += vectors->compared();
    }
    if (dims == full) break;
  }
  if (best.miner != nullptr) best.miner->charge(spent);
  return best;
}

}  // namespace helip::mining
