// The time that a layer took of one training step. Torch-free.
#pragma once

#include <string>

namespace helip::model {

struct LayerSeconds {
  std::string name;  // visual.embedding, text.blocks.3, …
  // Summed over all passes of the step. A block that is computed again in the backward pass counts
  // as backward.
  double forward = 0, backward = 0;
};

}  // namespace helip::model
