// Computes the hard negative margin loss, HNML (paper Eq. 6). Pure function of tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace helip::loss {

struct MarginOptions {
  double scale = 1;         // factor on the cosines (loss.margin_scale)
  bool detach_bar = false;  // no gradient through the minimum over the hard pairs (margin_detach)
};

// Returns this rank's share, 0-d, which is to be summed over ranks. For this rank's seeds i with
// hard pairs H_i the share is
//   1/S · (1/M) · sum_j max(0, sim(A_i, G_j) - min over j' in H_i of sim(A_i, G_j'))
// Rows j whose id is i or in H_i, or that share a duplicate group with i or with a member of H_i,
// contribute 0 and are counted in M. Half precision inputs are widened to float32. Here s is the
// number of this rank's seeds and G that of the gathered rows, M with the padding. A rank without
// seeds passes s = 0; with P = 0 there is no minimum and the loss is 0. Either zero is attached to
// the graph.
//   seed_sD        anchors: image embeddings of this rank's seeds, unit norm (text embeddings for
//                  the text-to-image twin)
//   gathered_GD    the other modality over the gathered batch, unit norm, padded rows included
//   hard_rows_sP   int64, gathered rows of each seed's hard pairs, distinct within a seed
//   excluded_sG    bool: rows that contribute 0 (self, own hard pairs, their duplicates, padded
//                  rows), see margin_excluded
//   total_seeds    S, the seeds of the global batch
//   total_rows     M, the rows of the global batch
//   similarity_sG  if not null, is given sim of the seeds with the gathered batch, without gradient
at::Tensor hard_negative_margin_loss(const at::Tensor& seed_sD, const at::Tensor& gathered_GD,
                                     const at::Tensor& hard_rows_sP, const at::Tensor& excluded_sG,
                                     std::int64_t total_seeds, std::int64_t total_rows,
                                     const MarginOptions& options,
                                     at::Tensor* similarity_sG = nullptr);

}  // namespace helip::loss
