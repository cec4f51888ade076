// FastHPM: the candidates of a target are a pool of C pairs that it shares with its neighbours.
#include <algorithm>
#include <memory>
#include <utility>

#include "common/threads/mutex.h"
#include "mining/miners/pair_miner.h"
#include "mining/screen/screened_search.h"

namespace helip::mining {
namespace {

class FastMiner final : public PairMiner {
 public:
  FastMiner(const MiningData& data, const MinerOptions& options, const PoolRule& pools)
      : data_(data), options_(options), pools_(pools) {}

  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            std::span<std::uint32_t> filled, const Progress& progress) const override {
    const std::uint64_t end = targets.first + targets.count;
    for (std::uint64_t first = targets.first; first < end;) {
      const std::uint64_t pool = pool_of(pools_, first);
      // The pool's targets end where the next pool begins; first - first % R + R could overflow.
      const std::uint64_t left = pools_.refresh_targets - first % pools_.refresh_targets;
      const TargetRange range{first, std::min(left, end - first)};
      const auto search = search_of(pool);
      const std::uint64_t offset = first - targets.first;
      const Progress counted = [&](std::uint64_t done, std::uint64_t /*total*/) {
        if (progress) progress(offset + done, targets.count);
      };
      search->search.mine(range, indices.subspan(offset * options_.k, range.count * options_.k),
                          scores.subspan(offset * options_.k, range.count * options_.k),
                          filled.subspan(offset, range.count), counted);
      compared_ += range.count * search->ids.size();
      first += range.count;
    }
  }

 private:
  struct PoolSearch {
    PoolSearch(const MiningData& data, const MinerOptions& options, std::uint64_t number,
               std::vector<std::uint32_t> members)
        : pool(number), ids(std::move(members)), search(data, options, CandidateIds::of(ids)) {}
    std::uint64_t pool;
    std::vector<std::uint32_t> ids;
    ScreenedSearch search;
  };

  // The pool's candidates, packed once for the tasks that follow each other in it.
  std::shared_ptr<const PoolSearch> search_of(std::uint64_t pool) const {
    const MutexLock lock(mutex_);
    if (latest_ == nullptr || latest_->pool != pool) {
      latest_ = std::make_shared<PoolSearch>(data_, options_, pool, draw_pool(pools_, pool));
    }
    return latest_;
  }

  const MiningData& data_;
  MinerOptions options_;
  PoolRule pools_;
  mutable Mutex mutex_;
  mutable std::shared_ptr<const PoolSearch> latest_ HELIP_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<PairMiner> make_fast_miner(const MiningData& data, const MinerOptions& options,
                                           const PoolRule& pools) {
  return std::make_unique<FastMiner>(data, options, pools);
}

}  // namespace helip::mining
