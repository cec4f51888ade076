#include "mining/index_miner.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <numeric>
#include <vector>

#include "common/log.h"
#include "common/text.h"
#include "mining/joint_clusters.h"
#include "mining/parallel.h"
#include "mining/recall.h"
#include "mining/tile_search.h"

namespace helip::mining {
namespace {

// Targets on which the number of probes is chosen; the recall of a run is measured on others.
constexpr std::uint32_t kTuningTargets = 2000;
// The share of misses that is aimed at is this much lower than what is asked for: another sample
// differs.
constexpr double kMissMargin = 0.8;

std::uint32_t list_count(std::uint64_t pairs, const IndexRule& rule) {
  const auto automatic = static_cast<std::uint64_t>(2 * std::sqrt(static_cast<double>(pairs)));
  const std::uint64_t wanted = rule.lists > 0 ? rule.lists : automatic;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(wanted, 1, pairs));
}

class IndexMiner final : public PairMiner {
 public:
  IndexMiner(const MiningData& data, const MinerOptions& options, const IndexRule& rule)
      : data_(data),
        options_(options),
        clusters_(data, {.lists = list_count(data.pairs(), rule),
                         .seed = rule.seed,
                         .threads = options.threads,
                         .instruction_set = options.instruction_set}),
        probes_(rule.probes > 0 ? std::min(rule.probes, clusters_.lists()) : enough_probes(rule)) {
    panels_.resize(clusters_.lists());
    for_each_index(clusters_.lists(), options.threads, [&](std::uint64_t list) {
      panels_[list] = std::make_unique<CandidatePanels>(
          data, CandidateIds::of(clusters_.members(static_cast<std::uint32_t>(list))), 1);
    });
    log::info(cat("index: ", clusters_.lists(), " lists, ", probes_, " probed"));
  }

  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            std::span<std::uint32_t> filled, const Progress& progress) const override {
    // Targets of one list probe much the same lists.
    std::vector<std::uint32_t> ids(targets.count);
    std::iota(ids.begin(), ids.end(), static_cast<std::uint32_t>(targets.first));
    std::stable_sort(ids.begin(), ids.end(), [&](std::uint32_t a, std::uint32_t b) {
      return clusters_.list_of(a) < clusters_.list_of(b);
    });
    const std::uint64_t tiles = (ids.size() + kTargetsPerTile - 1) / kTargetsPerTile;
    std::mutex mutex;
    std::uint64_t done = 0;
    for_each_index(tiles, options_.threads, [&](std::uint64_t tile) {
      const std::size_t first = tile * kTargetsPerTile;
      const auto members = std::span<const std::uint32_t>(ids).subspan(
          first, std::min(kTargetsPerTile, ids.size() - first));
      TileSearch search(data_, options_, members);
      scan_probed(members, search);
      for (std::size_t t = 0; t < members.size(); ++t) {
        const std::uint64_t row = (members[t] - targets.first) * options_.k;
        filled[members[t] - targets.first] =
            search.write(t, indices.subspan(row, options_.k), scores.subspan(row, options_.k));
      }
      const std::scoped_lock lock(mutex);
      done += members.size();
      if (progress) progress(done, targets.count);
    });
  }

 private:
  // List by list: the targets of the tile that probe it meet its candidates together.
  void scan_probed(std::span<const std::uint32_t> targets, TileSearch& search) const {
    std::vector<std::uint32_t> nearest(targets.size() * probes_);
    clusters_.nearest(targets, probes_, nearest);
    std::vector<std::vector<std::uint32_t>> probing(clusters_.lists());
    for (std::size_t t = 0; t < targets.size(); ++t) {
      for (std::uint32_t probe = 0; probe < probes_; ++probe) {
        probing[nearest[t * probes_ + probe]].push_back(static_cast<std::uint32_t>(t));
      }
    }
    // Lists that many targets are close to come first: they raise the bounds early.
    std::vector<std::uint32_t> order(clusters_.lists());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return probing[a].size() > probing[b].size();
    });
    for (const std::uint32_t list : order) {
      if (probing[list].empty()) continue;
      search.scan(*panels_[list], probing[list]);
      compared_ += probing[list].size() * clusters_.members(list).size();
    }
  }

  // The fewest probes that find the wanted share of the hard pairs of a sample of targets.
  [[nodiscard]] std::uint32_t enough_probes(const IndexRule& rule) const {
    const auto sample = recall_sample(data_.pairs(), kTuningTargets, rule.seed + 1);
    const ExactRows exact = mine_exactly(data_, options_, sample);
    const std::uint32_t lists = clusters_.lists();
    std::vector<std::uint32_t> order(sample.size() * lists);
    clusters_.nearest(sample, lists, order);
    std::vector<std::uint64_t> found_at(lists, 0);  // hard pairs whose list is the i-th probed
    std::uint64_t wanted = 0;
    std::vector<std::uint32_t> rank(lists);
    for (std::size_t t = 0; t < sample.size(); ++t) {
      for (std::uint32_t i = 0; i < lists; ++i) rank[order[t * lists + i]] = i;
      for (std::uint32_t slot = 0; slot < options_.k; ++slot) {
        if (exact.scores[t * options_.k + slot] == 0) break;
        ++found_at[rank[clusters_.list_of(exact.indices[t * options_.k + slot])]];
        ++wanted;
      }
    }
    const double misses = (1 - rule.recall) * kMissMargin * static_cast<double>(wanted);
    std::uint64_t found = 0;
    for (std::uint32_t i = 0; i < lists; ++i) {
      found += found_at[i];
      if (static_cast<double>(wanted - found) <= misses) return i + 1;
    }
    return lists;
  }

  const MiningData& data_;
  MinerOptions options_;
  JointClusters clusters_;
  std::uint32_t probes_;
  std::vector<std::unique_ptr<CandidatePanels>> panels_;
};

}  // namespace

std::unique_ptr<PairMiner> make_index_miner(const MiningData& data, const MinerOptions& options,
                                            const IndexRule& rule) {
  return std::make_unique<IndexMiner>(data, options, rule);
}

}  // namespace helip::mining
