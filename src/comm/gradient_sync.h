// Averages gradients over ranks in fixed buckets, overlapping backward (c10d::Reducer over our own process group).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "comm/collectives.h"

namespace helip::comm {

class GradientSync {
 public:
  // Parameters in a fixed order, the same on every rank; buckets are cut by parameter order once and never rebuilt.
  GradientSync(Collectives& ranks, std::vector<at::Tensor> parameters);
  ~GradientSync();
  // Before each backward pass, with the loss it will run on.
  void prepare(const at::Tensor& loss);
  // After backward: waits until every .grad holds the mean over ranks.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::comm
