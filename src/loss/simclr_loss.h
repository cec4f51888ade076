// Computes the contrastive loss between two views of each image (SimCLR's NT-Xent, arXiv
// 2002.05709; SLIP's self-supervised term, arXiv 2112.12750). Pure function of tensors: no state,
// no communication.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace helip::loss {

// One rank's shares, 0-d, which are to be summed over ranks.
struct SimclrShares {
  at::Tensor loss;      // with gradient, attached to the graph even without rows
  at::Tensor accuracy;  // no gradient: of the global batch's rows, the share of those whose first
                        // view is nearest to its second one among all that is compared with it
};

// Returns the shares of the rows i = first_row … first_row+B-1. Their loss is the sum over these
// rows of
//   [ CE(A_i·[B; A]^T / temperature, B_i) + CE(B_i·[A; B]^T / temperature, A_i) ] / (2·M)
// where A and B are the rows of the two views, scaled to unit norm here. A view is no negative of
// itself, nor are the rows in duplicate_BM, in either view. With W ranks, multiply by W before
// backward: the mean over ranks of the gradients is then the global gradient. Half precision inputs
// are widened to float32.
//   first_ME, second_ME  embeddings of the views over the global batch without padding, with
//                        gradient; M >= 1
//   duplicate_BM         bool: rows that show the same image (a row's own column is ignored)
SimclrShares simclr_loss(const at::Tensor& first_ME, const at::Tensor& second_ME,
                         std::int64_t first_row, const at::Tensor& duplicate_BM,
                         double temperature);

}  // namespace helip::loss
