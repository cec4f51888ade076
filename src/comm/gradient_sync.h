// Averages gradients over ranks in fixed buckets, overlapping backward (c10d::Reducer over our own
// process group). Over MPI the sum is in rank order; over NCCL it is in NCCL's, which is fixed for
// one number of ranks and one machine.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "comm/collectives.h"

namespace helip::comm {

class GradientSync {
 public:
  // Parameters in a fixed order, the same on every rank; buckets are cut by parameter order once
  // (from the last to the first, as backward fills them) and never rebuilt, so a resumed run sums
  // as an undisturbed one. Every backward pass must give every parameter a gradient. `ranks` must
  // outlive this.
  GradientSync(Collectives& ranks, std::vector<at::Tensor> parameters);
  ~GradientSync();
  GradientSync(const GradientSync&) = delete;
  GradientSync& operator=(const GradientSync&) = delete;
  // Before each backward pass, with the loss it will run on.
  void prepare(const at::Tensor& loss);
  // After backward: waits until every .grad holds the mean over ranks. Returns the seconds that
  // averaging took after backward's last gradient.
  double finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Bucket of each parameter, by its bytes: indices from the last parameter to the first; a bucket is
// closed when it holds `cap` bytes (the first one, whose gradients are ready first, at
// `first_cap`).
std::vector<std::vector<std::size_t>> fixed_buckets(const std::vector<std::size_t>& bytes,
                                                    std::size_t first_cap, std::size_t cap);

}  // namespace helip::comm
