#include "mining/miners/index_miner.h"

#include <cmath>
#include <limits>
#include <utility>

#include "common/log.h"
#include "common/text.h"
#include "mining/miners/ivf_miner.h"
#include "mining/miners/pca_miner.h"
#include "mining/miners/recall.h"

namespace helip::mining {
namespace {

// The cheaper way. Where the least that one can take is already more than what the other takes, it
// is not made.
PlannedMiner cheaper_way(const MiningData& data, const MinerOptions& options, const IndexRule& rule,
                         const TuningSample& sample) {
  const double least_ivf = least_ivf_share(data, rule);
  PlannedMiner pca;
  if (least_pca_share(data, options) < least_ivf) {
    pca = plan_pca_miner(data, options, rule, sample, 1);
    if (pca.share <= least_ivf) return pca;
  }
  PlannedMiner ivf = make_ivf_miner(data, options, rule, sample);
  if (pca.miner == nullptr) {
    pca = plan_pca_miner(data, options, rule, sample, ivf.share);
  }
  if (pca.miner == nullptr) return ivf;
  const bool is_pca = pca.share < ivf.share;
  PlannedMiner& taken = is_pca ? pca : ivf;
  const std::uint64_t in_vain = (is_pca ? ivf : pca).miner->compared();
  const auto pairs = static_cast<double>(data.pairs());
  taken.miner->charge(in_vain);
  taken.share += static_cast<double>(in_vain) / pairs / pairs;
  return std::move(taken);
}

PlannedMiner planned(const MiningData& data, const MinerOptions& options, const IndexRule& rule,
                     const TuningSample& sample) {
  if (rule.way == IndexWay::kLists || (rule.way == IndexWay::kAuto && rule.nlist > 0)) {
    return make_ivf_miner(data, options, rule, sample);
  }
  if (rule.way == IndexWay::kAuto) return cheaper_way(data, options, rule, sample);
  PlannedMiner pca =
      plan_pca_miner(data, options, rule, sample, std::numeric_limits<double>::infinity());
  if (std::isinf(pca.share)) {
    log::warning(cat("index: short vectors do not reach a recall of ", rule.recall,
                     " on the sample; mining.index: lists may"));
  }
  return pca;
}

}  // namespace

std::unique_ptr<PairMiner> make_index_miner(const MiningData& data, const MinerOptions& options,
                                            const IndexRule& rule) {
  if (rule.nprobe > 0) return make_ivf_miner(data, options, rule, {}).miner;
  TuningSample sample{.targets = split_sample(data.pairs(), rule.seed).tuning, .exact = {}};
  sample.exact = mine_exactly(data, options, sample.targets);
  PlannedMiner taken = planned(data, options, rule, sample);
  taken.miner->charge(sample.targets.size() * data.pairs());
  const auto pairs = static_cast<double>(data.pairs());
  const double share = taken.share + static_cast<double>(sample.targets.size()) / pairs;
  log::info(cat("index: ", taken.way, "; finding the hard pairs takes ", decimal(100 * share, 1),
                " % of exact mining's products"));
  if (share > 0.5) log::warning("index: mining.method: exact is the better choice for this corpus");
  return std::move(taken.miner);
}

}  // namespace helip::mining
