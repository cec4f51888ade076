// Factor on the loss for float16 (Micikevicius et al., arXiv 1710.03740): small gradients must not
// vanish, large ones are noticed and the step is left out. Torch-free, a value.
#pragma once

#include <cstdint>

namespace helip::train {

// The rule and figures of PyTorch's GradScaler.
struct LossScaler {
  static constexpr double kGrowth = 2, kBackoff = 0.5;
  static constexpr std::uint64_t kGrowthInterval = 2000;

  static constexpr double kStart = 65536;

  double scale = kStart;
  std::uint64_t good_steps = 0;  // since the last change

  // After each step: were all gradients finite?
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
