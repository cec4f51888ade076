// What a layer took of one training step. Torch-free.
#pragma once

#include <string>

namespace helip::model {

struct LayerSeconds {
  std::string name;  // visual.embedding, text.blocks.3, …
  // Of all passes of the step; a block that is computed again in backward counts there.
  double forward = 0, backward = 0;
};

}  // namespace helip::model
