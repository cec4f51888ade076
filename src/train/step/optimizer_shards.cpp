#include "train/step/optimizer_shards.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/text.h"

namespace helip::train {
namespace {

// All elements in the order of memory, which is the same on all ranks.
at::Tensor flat(const at::Tensor& tensor) {
  return tensor.detach().as_strided({tensor.numel()}, {1});
}

at::Tensor cut(const at::Tensor& flat, std::uint64_t first, std::uint64_t count) {
  return flat.narrow(0, static_cast<std::int64_t>(first), static_cast<std::int64_t>(count));
}

void check(const std::vector<at::Tensor>& parameters) {
  for (const at::Tensor& parameter : parameters) {
    if (parameter.is_non_overlapping_and_dense() &&
        parameter.scalar_type() == parameters[0].scalar_type())
      continue;
    throw ConfigError({.what = "parameters that cannot be sent between ranks as they lie in memory",
                       .where = "train.shard_optimizer",
                       .expected = "dense parameters of one dtype",
                       .found = cat(c10::toString(parameter.scalar_type()), " with ",
                                    parameter.dim(), " dimensions")});
  }
}

}  // namespace

OptimizerShards::OptimizerShards(comm::Collectives& ranks, std::vector<at::Tensor> parameters,
                                 std::uint64_t bucket_elements)
    : ranks_(ranks), parameters_(std::move(parameters)) {
  check(parameters_);
  std::vector<std::uint64_t> sizes;
  for (const at::Tensor& parameter : parameters_) {
    sizes.push_back(static_cast<std::uint64_t>(parameter.numel()));
  }
  owners_ = shard_owners(sizes, ranks.size());
  weight_buckets_ = shard_buckets(sizes, owners_, bucket_elements);
  std::vector<std::uint64_t> moment_sizes;
  std::vector<int> moment_owners;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    moment_sizes.insert(moment_sizes.end(), 2, sizes[i]);
    moment_owners.insert(moment_owners.end(), 2, owners_[i]);
  }
  moment_buckets_ = shard_buckets(moment_sizes, moment_owners, bucket_elements);
  std::erase_if(moment_buckets_, [](const ShardBucket& bucket) { return bucket.owner == 0; });
  std::uint64_t most = 0;
  for (const auto* buckets : {&weight_buckets_, &moment_buckets_}) {
    for (const ShardBucket& bucket : *buckets) most = std::max(most, bucket.count);
  }
  if (parameters_.empty()) return;
  buffer_ =
      at::empty({static_cast<std::int64_t>(most)}, parameters_[0].options().requires_grad(false));
}

std::vector<bool> OptimizerShards::owned() const {
  std::vector<bool> mine;
  for (const int owner : owners_) mine.push_back(owner == ranks_.rank());
  return mine;
}

void OptimizerShards::share_weights() {
  std::vector<at::Tensor> flats;
  for (const at::Tensor& parameter : parameters_) flats.push_back(flat(parameter));
  exchange(weight_buckets_, flats);
}

void OptimizerShards::gather_moments(const AdamW& optimizer,
                                     const std::function<at::Tensor(std::size_t)>& place) {
  std::vector<at::Tensor> flats;
  for (const auto& [name, tensor] : optimizer.moments()) {
    if (!tensor.is_meta()) {
      flats.push_back(flat(tensor));
    } else {
      flats.push_back(ranks_.rank() == 0 ? place(flats.size()) : at::Tensor());
    }
  }
  exchange(moment_buckets_, flats);
}

void OptimizerShards::exchange(const std::vector<ShardBucket>& buckets,
                               const std::vector<at::Tensor>& flats) {
  const at::NoGradGuard no_grad;
  for (const ShardBucket& bucket : buckets) {
    const at::Tensor& only = flats[bucket.pieces[0].tensor];
    if (bucket.pieces.size() == 1 && only.defined() &&
        only.scalar_type() == buffer_.scalar_type()) {
      at::Tensor part = cut(only, bucket.pieces[0].first, bucket.count);
      ranks_.broadcast(part, bucket.owner);
      continue;
    }
    at::Tensor sent = cut(buffer_, 0, bucket.count);
    const auto for_each_piece = [&](auto use) {
      std::uint64_t offset = 0;
      for (const ShardPiece& piece : bucket.pieces) {
        const at::Tensor& tensor = flats[piece.tensor];
        if (tensor.defined()) {
          use(cut(tensor, piece.first, piece.count), cut(sent, offset, piece.count));
        }
        offset += piece.count;
      }
    };
    const bool mine = bucket.owner == ranks_.rank();
    if (mine) for_each_piece([](const at::Tensor& own, const at::Tensor& to) { to.copy_(own); });
    ranks_.broadcast(sent, bucket.owner);
    if (!mine)
      for_each_piece([](const at::Tensor& own, const at::Tensor& from) { own.copy_(from); });
  }
}

}  // namespace helip::train
