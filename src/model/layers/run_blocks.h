// Runs a stack of transformer blocks, keeping what backward needs or computing it again.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>
#include <vector>

#include "model/layers/layer_timer.h"
#include "model/layers/transformer_block.h"

namespace helip::model {

struct BlocksOptions {
  bool recompute = false;
  LayerTimer* timer = nullptr;
  std::string_view name = {};  // for the timer, before each block's index
};

// Returns x after all blocks. With `recompute` only each block's input is kept for backward, which
// runs the block once more (activation checkpointing: Chen et al., arXiv 1604.06174), under the
// autocast of the forward pass; same values, same gradients. The blocks must outlive the graph.
at::Tensor run_blocks(const std::vector<TransformerBlock>& blocks, at::Tensor x_BLW,
                      const BlocksOptions& options);

}  // namespace helip::model
