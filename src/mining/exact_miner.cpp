// HPM (paper Eq. 5): the candidates of a target are all pairs but itself.
#include "mining/block_search.h"

namespace helip::mining {
namespace {

class ExactMiner final : public PairMiner {
 public:
  ExactMiner(const MiningData& data, const MinerOptions& options)
      : data_(data), options_(options) {}

  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            const Progress& progress) const override {
    block_search(data_, options_, targets, CandidateIds::all(data_.pairs()), indices, scores,
                 progress);
  }

 private:
  const MiningData& data_;
  MinerOptions options_;
};

}  // namespace

std::unique_ptr<PairMiner> make_exact_miner(const MiningData& data, const MinerOptions& options) {
  return std::make_unique<ExactMiner>(data, options);
}

}  // namespace helip::mining
