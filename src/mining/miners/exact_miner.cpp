// HPM (paper Eq. 5): the candidates of a target are all pairs but itself.
#include "mining/miners/pair_miner.h"
#include "mining/screen/screened_search.h"

namespace helip::mining {
namespace {

class ExactMiner final : public PairMiner {
 public:
  ExactMiner(const MiningData& data, const MinerOptions& options)
      : data_(data), search_(data, options, CandidateIds::all(data.pairs())) {}

  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            std::span<std::uint32_t> filled, const Progress& progress) const override {
    search_.mine(targets, indices, scores, filled, progress);
    compared_ += targets.count * data_.pairs();
  }

 private:
  const MiningData& data_;
  ScreenedSearch search_;
};

}  // namespace

std::unique_ptr<PairMiner> make_exact_miner(const MiningData& data, const MinerOptions& options) {
  return std::make_unique<ExactMiner>(data, options);
}

}  // namespace helip::mining
