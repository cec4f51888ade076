// Computes the contrastive loss over the global batch. Pure functions of tensors: no state, no
// communication.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace helip::loss {

// Returns this rank's share of the symmetric InfoNCE loss (CLIP; paper Eq. 1 and 2), 0-d, which is
// to be summed over ranks:
//   sum over local valid rows i of [ CE(scale·I_i·T^T, i) + CE(scale·T_i·I^T, i) ]
//     / (2 · valid rows of the global batch).
// With W ranks, multiply by W before backward: the mean over ranks of the gradients is then the
// global gradient. Half precision inputs are widened to float32.
//   local_image_BD    unit norm, rows first_row … first_row+B-1 of the global tensor
//   local_text_BD     likewise
//   global_image_GD   unit norm, with gradient to all ranks; G rows, the batch's M and the padding
//   global_text_GD    likewise
//   scale             0-d, exp(logit_scale)
//   duplicate_BG      bool or undefined: columns that are no negatives of a local row (its own
//                     column is ignored)
//   valid_G           bool or undefined: false for padded rows, which are neither rows nor columns;
//                     their features must be finite. At least one row of the global batch is valid.
// Memory is O(B·G), never O(G²).
at::Tensor clip_loss(const at::Tensor& local_image_BD, const at::Tensor& local_text_BD,
                     const at::Tensor& global_image_GD, const at::Tensor& global_text_GD,
                     const at::Tensor& scale, std::int64_t first_row,
                     const at::Tensor& duplicate_BG, const at::Tensor& valid_G);

}  // namespace helip::loss
