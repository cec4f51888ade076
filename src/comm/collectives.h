// Communication between the ranks of one launch. Every rank makes the same calls in the same order.
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

// Tensors must lie on the group's device, with MPI in CPU memory; else MPI and NCCL throw
// CommError.
class Collectives : public Group {
 public:
  // Returns the rows of all ranks in rank order, [W·B, ...], contiguous, without gradient. local_BD
  // [B, ...] has the same shape, dtype and device on every rank.
  virtual at::Tensor all_gather(const at::Tensor& local_BD) = 0;
  // Replaces `tensor` by its sum over ranks, in rank order. Takes float32, float64, bfloat16,
  // int32, int64; over MPI throws CommError for other dtypes.
  virtual void all_reduce_sum(at::Tensor& tensor) = 0;
  // Replaces `tensor` by the one of rank `root`.
  virtual void broadcast(at::Tensor& tensor, int root) = 0;
  // Returns this rank's rows, [B, ...], of the sum of global_MD [W·B, ...] over ranks, in rank
  // order. Dtypes as all_reduce_sum.
  virtual at::Tensor reduce_scatter_sum(const at::Tensor& global_MD);

  // Returns the process group by which GradientSync averages gradients, on a channel of its own;
  // null for one rank. Owned by this.
  virtual c10d::ProcessGroup* gradient_group() { return nullptr; }
};

// Returns the rows of all ranks, [W·B, D]; a collective. So is its backward, which returns this
// rank's rows of the gradient's sum over ranks, in rank order (reduce-scatter). With one rank
// returns local_BD [B, D] itself. float32, float64, bfloat16. `ranks` must outlive the graph.
at::Tensor gather_with_grad(Collectives& ranks, const at::Tensor& local_BD);

}  // namespace helip::comm
