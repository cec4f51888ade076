// Communication between the ranks of one launch. Every rank calls in the same order. Implementations: local (one rank), MPI
// (CPU), NCCL (GPU). Sums run in rank order, so results do not depend on a library's algorithm.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "comm/group.h"

namespace c10d {
class ProcessGroup;
}

namespace helip::comm {

class Collectives : public Group {
 public:
  // local_BD [B, ...] of equal shape on every rank -> [W·B, ...] in rank order. Contiguous, same dtype and device.
  virtual at::Tensor all_gather(const at::Tensor& local_BD) = 0;
  // In place; sums in rank order.
  virtual void all_reduce_sum(at::Tensor& tensor) = 0;
  // In place, from rank `root`.
  virtual void broadcast(at::Tensor& tensor, int root) = 0;
};

// [B, D] -> [W·B, D]; backward sums the gradient over ranks and returns this rank's rows (reduce-scatter). float32/float64/bf16.
at::Tensor gather_with_grad(Collectives& ranks, const at::Tensor& local_BD);

}  // namespace helip::comm
