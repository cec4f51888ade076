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

  // Plans which rank owns which of the parameters, which have one dtype and device and are in the
  // optimizer's order, the same on every rank. One collective carries at most `bucket_elements`.
  // `ranks` must outlive this. Throws ConfigError for parameters that do not fill their memory or
  // are of several dtypes.
  OptimizerShards(comm::Collectives& ranks, std::vector<at::Tensor> parameters,
                  std::uint64_t bucket_elements = kBucketElements);

  // Returns which parameters this rank owns, for AdamWOptions::owned.
  [[nodiscard]] std::vector<bool> owned() const;

  // Sends every parameter's bits from its owner to the other ranks; a collective. To be called
  // after AdamW::step.
  void share_weights();

  // Sends rank 0 the moments that other ranks own; a collective. Rank 0 writes moment i of
  // AdamW::moments() into place(i), flat. Only rank 0 calls `place`.
  void gather_moments(const AdamW& optimizer, const std::function<at::Tensor(std::size_t)>& place);

 private:
  // Broadcasts the pieces of each bucket, which lie in flat tensors. A rank without a tensor for a
  // piece drops the piece.
  void exchange(const std::vector<ShardBucket>& buckets, const std::vector<at::Tensor>& flats);

  comm::Collectives& ranks_;
  const std::vector<at::Tensor> parameters_;
  std::vector<int> owners_;
  std::vector<ShardBucket> weight_buckets_;
  std::vector<ShardBucket> moment_buckets_;  // without those that rank 0 owns
  at::Tensor buffer_;
};

}  // namespace helip::train
