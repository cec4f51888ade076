// Factor on the loss for float16 (Micikevicius et al., arXiv 1710.03740): small gradients do not
// vanish; gradients that overflow are noticed, and the step is skipped. Torch-free, a value.
#pragma once

#include <cstdint>

namespace helip::train {

// The rule and figures of PyTorch's GradScaler.
struct LossScaler {
  static constexpr double kGrowth = 2, kBackoff = 0.5;
  static constexpr std::uint64_t kGrowthInterval = 2000;

  static constexpr double kStart = 65536;

  double scale = kStart;
  std::uint64_t good_steps = 0;  // steps since the last change of the scale

  // Adapts the scale after a step. `finite`: all gradients were finite.
  void note(bool finite) {
    if (!finite) {
      scale *= kBackoff;
      good_steps = 0;
    } else if (++good_steps == kGrowthInterval) {
      scale *= kGrowth;
      good_steps = 0;
    }
  }
};

}  // namespace helip::train
