// Hard negative margin loss, HNML (paper Eq. 6). Pure function of tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace helip::loss {

struct MarginOptions {
  double scale = 1;         // factor on the cosines (loss.margin_scale)
  bool detach_bar = false;  // no gradient through the minimum over the hard pairs (margin_detach)
};

// This rank's share, 0-d, to be summed over ranks: for its seeds i with hard pairs H_i
//   1/S_total · (1/M) · sum_j max(0, sim(A_i, G_j) - min over j' in H_i of sim(A_i, G_j'))
// Rows j whose id is i or in H_i, or that share a duplicate group with i or with a member of H_i,
// contribute 0 and stay in M. Half precision inputs are widened to float32. A rank without seeds
// passes S = 0; with P = 0 there is no bar and the loss is 0. Either zero is attached to the graph.
//   seed_SD        anchors: image features of this rank's seeds, unit norm (text features for the
//                  text-to-image twin)
//   global_MD      the other modality over the global batch, unit norm (padded rows included)
//   hard_rows_SP   int64, global rows of each seed's hard pairs, distinct within a seed
//   excluded_SM    bool: rows that contribute 0 (self, own hard pairs, their duplicates, padded
//                  rows), see margin_excluded
//   total_seeds    seeds of the global batch
//   total_rows     M without padding
//   similarity_SM  if not null, is given sim of the seeds with the global batch, without gradient
at::Tensor hard_negative_margin_loss(const at::Tensor& seed_SD, const at::Tensor& global_MD,
                                     const at::Tensor& hard_rows_SP, const at::Tensor& excluded_SM,
                                     std::int64_t total_seeds, std::int64_t total_rows,
                                     const MarginOptions& options,
                                     at::Tensor* similarity_SM = nullptr);

}  // namespace helip::loss
