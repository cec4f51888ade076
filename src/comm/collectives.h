// Communication between the ranks of one launch. Every rank calls in the same order.
// Implementations: local (one rank), MPI (CPU), NCCL (GPU). Sums run in rank order, so results do
// not depend on a library's algorithm (gradient buckets over NCCL are the exception, see
// gradient_sync.h).
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
  // local_BD [B, ...] of equal shape on every rank -> [W·B, ...] in rank order. Contiguous, same
  // dtype and device.
  virtual at::Tensor all_gather(const at::Tensor& local_BD) = 0;
  // In place; sums in rank order. float32, float64, bfloat16, int32, int64.
  virtual void all_reduce_sum(at::Tensor& tensor) = 0;
  // In place, from rank `root`.
  virtual void broadcast(at::Tensor& tensor, int root) = 0;
  // global_MD [W·B, ...] -> [B, ...]: this rank's rows of the sum over ranks, in rank order.
  virtual at::Tensor reduce_scatter_sum(const at::Tensor& global_MD);

  // For GradientSync: averages gradients, on channels of its own. Null for one rank.
  virtual c10d::ProcessGroup* gradient_group() { return nullptr; }
};

// [B, D] -> [W·B, D]; backward sums the gradient over ranks in rank order and returns this rank's
// rows (reduce-scatter). float32, float64, bfloat16. `ranks` must outlive the graph.
at::Tensor gather_with_grad(Collectives& ranks, const at::Tensor& local_BD);

}  // namespace helip::comm
