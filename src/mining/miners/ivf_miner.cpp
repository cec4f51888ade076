#include "mining/miners/ivf_miner.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "common/text.h"
#include "common/threads/mutex.h"
#include "mining/kernels/parallel.h"
#include "mining/miners/probe_rule.h"
#include "mining/miners/recall.h"
#include "mining/screen/tile_search.h"

namespace helip::mining {
namespace {

// Replaces the similarity of a list that the target has met; no cosine is that low.
constexpr float kMet = -2;
// Enough targets that several of them meet most lists: a list's candidates are then multiplied by
// all these targets at once.
constexpr std::size_t kTargetsAtOnce = 1920;

std::uint32_t nlist_of(std::uint64_t pairs, const IndexRule& rule) {
  const auto automatic = static_cast<std::uint64_t>(2 * std::sqrt(static_cast<double>(pairs)));
  const std::uint64_t wanted = rule.nlist > 0 ? rule.nlist : automatic;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(wanted, 1, pairs));
}

class IvfMiner final : public PairMiner {
 public:
  IvfMiner(const MiningData& data, const MinerOptions& options, const IndexRule& rule)
      : data_(data),
        options_(options),
        index_(data, {.nlist = nlist_of(data.pairs(), rule),
                      .metric = options.rules.metric,
                      .seed = rule.seed,
                      .threads = options.threads,
                      .instruction_set = options.instruction_set}),
        nlist_(index_.clusters.nlist()),
        probes_{.nearest = std::min(rule.nprobe, nlist_)} {
    compared_ += index_.clusters.compared();
  }

  ChosenProbes tune(const TuningSample& sample, double recall) {
    const ChosenProbes chosen = choose_probes(data_, options_, index_, sample, recall);
    compared_ += chosen.compared;
    probes_ = chosen.rule;
    return chosen;
  }

  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            std::span<std::uint32_t> filled, const Progress& progress) const override {
    // Targets of one list probe much the same lists.
    std::vector<std::uint32_t> ids(targets.count);
    std::iota(ids.begin(), ids.end(), static_cast<std::uint32_t>(targets.first));
    std::stable_sort(ids.begin(), ids.end(), [&](std::uint32_t a, std::uint32_t b) {
      return index_.clusters.list_of(a) < index_.clusters.list_of(b);
    });
    const std::size_t size = targets_at_once();
    const std::uint64_t tiles = (ids.size() + size - 1) / size;
    Mutex mutex;
    std::uint64_t done = 0;
    for_each_index(tiles, options_.threads, [&](std::uint64_t tile) {
      const std::size_t first = tile * size;
      const auto members =
          std::span<const std::uint32_t>(ids).subspan(first, std::min(size, ids.size() - first));
      TileSearch search(data_, options_, members);
      scan_probed(members, search);
      for (std::size_t t = 0; t < members.size(); ++t) {
        const std::uint64_t row = (members[t] - targets.first) * options_.k;
        filled[members[t] - targets.first] =
            search.write(t, indices.subspan(row, options_.k), scores.subspan(row, options_.k));
      }
      const MutexLock lock(mutex);
      done += members.size();
      if (progress) progress(done, targets.count);
    });
  }

 private:
  using TargetsByList = std::vector<std::vector<std::uint32_t>>;

  // Fewer where their similarities to all lists would take more than 32 MiB.
  [[nodiscard]] std::size_t targets_at_once() const {
    constexpr std::size_t kSimilarities = std::size_t{8} << 20;
    constexpr std::size_t kLeast = 96;
    return std::clamp(kSimilarities / nlist_, kLeast, kTargetsAtOnce);
  }

  void scan_probed(std::span<const std::uint32_t> targets, TileSearch& search) const {
    std::vector<float> similarities(targets.size() * nlist_);
    index_.clusters.similarities(targets, similarities);
    compared_ += similarities.size();
    scan_lists(nearest(similarities), search);
    if (probes_.reach > ProbeRule::kNearestAlone) scan_lists(further(similarities, search), search);
  }

  // Marks the lists as met.
  [[nodiscard]] TargetsByList nearest(std::span<float> similarities) const {
    TargetsByList targets(nlist_);
    std::vector<std::uint32_t> lists(probes_.nearest);
    for (std::size_t t = 0; t * nlist_ < similarities.size(); ++t) {
      const auto of_target = similarities.subspan(t * nlist_, nlist_);
      nearest_lists(of_target, lists);
      for (const std::uint32_t list : lists) {
        targets[list].push_back(static_cast<std::uint32_t>(t));
        of_target[list] = kMet;
      }
    }
    return targets;
  }

  // Lists that may hold something better than the k-th score, which is rescored: so the choice
  // depends on neither kernel nor order.
  [[nodiscard]] TargetsByList further(std::span<const float> similarities,
                                      TileSearch& search) const {
    TargetsByList targets(nlist_);
    for (std::size_t t = 0; t * nlist_ < similarities.size(); ++t) {
      const float joint = joint_of_score(search.kth_score(t), options_.rules.metric);
      for (std::uint32_t list = 0; list < nlist_; ++list) {
        const float similarity = similarities[t * nlist_ + list];
        if (similarity == kMet) continue;
        if (needed_reach(joint, similarity, index_.clusters.closest_member(list)) <=
            probes_.reach) {
          targets[list].push_back(static_cast<std::uint32_t>(t));
        }
      }
    }
    return targets;
  }

  // List by list: the targets that probe it meet its candidates together.
  void scan_lists(const TargetsByList& targets, TileSearch& search) const {
    // Lists that many targets probe come first: they raise the bounds early.
    std::vector<std::uint32_t> order(nlist_);
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return targets[a].size() > targets[b].size();
    });
    for (const std::uint32_t list : order) {
      if (targets[list].empty()) return;
      search.scan(*index_.panels[list], targets[list]);
      compared_ += targets[list].size() * index_.candidates(list);
    }
  }

  const MiningData& data_;
  MinerOptions options_;
  IvfIndex index_;
  std::uint32_t nlist_;
  ProbeRule probes_;
};

}  // namespace

double least_ivf_share(const MiningData& data, const IndexRule& rule) {
  const auto pairs = static_cast<double>(data.pairs());
  const std::uint32_t nlist = nlist_of(data.pairs(), rule);
  return (static_cast<double>(clustering_comparisons(data.pairs(), nlist)) / pairs + nlist) / pairs;
}

PlannedMiner make_ivf_miner(const MiningData& data, const MinerOptions& options,
                            const IndexRule& rule, const TuningSample& sample) {
  auto miner = std::make_unique<IvfMiner>(data, options, rule);
  if (rule.nprobe > 0) return {std::move(miner)};
  const ChosenProbes chosen = miner->tune(sample, rule.recall);
  const auto pairs = static_cast<double>(data.pairs());
  const double share = least_ivf_share(data, rule) + chosen.share +
                       static_cast<double>(chosen.compared) / pairs / pairs;
  return {std::move(miner), share,
          cat(nlist_of(data.pairs(), rule), " lists, the nearest ", chosen.rule.nearest,
              " and others within a reach of ", chosen.rule.reach)};
}

}  // namespace helip::mining
