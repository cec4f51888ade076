// Where a training step's time goes on one rank, by the host's clock. Torch-free.
#pragma once

#include <utility>

#include "common/clock.h"

namespace helip::train {

struct StepSeconds {
  double forward = 0, loss = 0;
  double backward = 0;   // without averaging; with accum_freq > 1 the second forward passes too
  double averaging = 0;  // what averaging over ranks took after this rank's last gradient
  double optimizer = 0;  // with the gradient's norm, and sending owned weights
};

class Stopwatch {
 public:
  // Returns the seconds since the last call, or since this was made.
  double lap() {
    const double now = monotonic_seconds();
    return now - std::exchange(since_, now);
  }

 private:
  double since_ = monotonic_seconds();
};

}  // namespace helip::train
