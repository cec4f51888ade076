// Averages gradients over ranks in fixed buckets, overlapping backward (c10d::Reducer over our own
// process group). Over MPI the sum is in rank order; over NCCL it is in NCCL's own order, which is
// fixed for one number of ranks and one machine.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "comm/collectives.h"

namespace helip::comm {

class GradientSync {
 public:
  // Takes the parameters in a fixed order, the same on every rank. Buckets are cut once by that
  // order (from the last parameter to the first, as backward fills them) and never rebuilt, so a
  // resumed run adds up as an undisturbed one does. Every backward pass must give every parameter a
  // gradient. `ranks` must outlive this. With one rank this does nothing.
  GradientSync(Collectives& ranks, std::vector<at::Tensor> parameters);
  ~GradientSync();
  GradientSync(const GradientSync&) = delete;
  GradientSync& operator=(const GradientSync&) = delete;
  // Prepares a backward pass; to be called before each one, with the loss it will run on.
  void prepare(const at::Tensor& loss);
  // Ends a backward pass: every .grad holds the mean over ranks. Returns the seconds that averaging
  // took after backward's last gradient; 0 with one rank. Throws c10::Error if a parameter got no
  // gradient.
  double finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Returns buckets of parameters' indices, from the last parameter to the first, by the parameters'
// bytes. A bucket is closed when it holds `cap` bytes or more; the first one, whose gradients are
// ready first, at `first_cap`.
std::vector<std::vector<std::size_t>> fixed_buckets(const std::vector<std::size_t>& bytes,
                                                    std::size_t first_cap, std::size_t cap);

}  // namespace helip::comm
