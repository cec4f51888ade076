// A stack of transformer blocks, keeping what backward needs or computing it again.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/transformer_block.h"

namespace helip::model {

// x through all blocks. With `recompute` only each block's input is kept for backward, which runs
// the block once more (activation checkpointing: Chen et al., arXiv 1604.06174), under the autocast
// of the forward pass; same values, same gradients. The blocks must outlive the graph.
at::Tensor run_blocks(const std::vector<TransformerBlock>& blocks, at::Tensor x_BLW,
                      bool recompute);

}  // namespace helip::model
