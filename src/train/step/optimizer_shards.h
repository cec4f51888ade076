// The optimizer's moments spread over the ranks (train.shard_optimizer): each rank updates the
// parameters that it owns and sends them to the others.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "comm/collectives.h"
#include "train/step/optimizer.h"
#include "train/step/shard_plan.h"

namespace helip::train {

class OptimizerShards {
 public:
  // 25 MiB of float32.
  static constexpr std::uint64_t kBucketElements = 6'553'600;

  // Parameters of one dtype and device, in the optimizer's order, the same on every rank. One
  // collective carries at most `bucket_elements`. `ranks` must outlive this. Throws ConfigError for
  // parameters that do not fill their memory or are of several dtypes.
  OptimizerShards(comm::Collectives& ranks, std::vector<at::Tensor> parameters,
                  std::uint64_t bucket_elements = kBucketElements);

  // For AdamWOptions: which parameters are this rank's.
  [[nodiscard]] std::vector<bool> owned() const;

  // Collective, after the owners' step: every parameter gets its owner's bits.
  void share_weights();

  // Collective. On rank 0 the moments of other ranks' parameters are written to place(i), flat, i
  // counting as AdamW::moments() does; `place` is called there alone.
  void gather_moments(const AdamW& optimizer, const std::function<at::Tensor(std::size_t)>& place);

 private:
  // Broadcasts each bucket's pieces of flat tensors; who has no tensor for a piece drops it.
  void exchange(const std::vector<ShardBucket>& buckets, const std::vector<at::Tensor>& flats);

  comm::Collectives& ranks_;
  const std::vector<at::Tensor> parameters_;
  std::vector<int> owners_;
  std::vector<ShardBucket> weight_buckets_;
  std::vector<ShardBucket> moment_buckets_;  // but those of rank 0
  at::Tensor buffer_;
};

}  // namespace helip::train
