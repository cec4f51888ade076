// What is told of SLIP's self-supervised term at a step. Torch-free, a value.
#pragma once

namespace helip::train {

// Loss and accuracy of the self-supervised term over the global batch.
struct SslFigures {
  double loss = 0;      // before its weight
  double accuracy = 0;  // in percent, of the first views: their other view is the nearest of all
};

}  // namespace helip::train
