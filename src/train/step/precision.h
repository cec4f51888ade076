// What a step is computed in (train.precision).
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <optional>
#include <string>

namespace helip::train {

struct Precision {
  c10::ScalarType weights = c10::ScalarType::Float;  // and moments
  std::optional<c10::ScalarType> products;           // autocast of the towers; null: as the weights
  c10::ScalarType features = c10::ScalarType::Float;  // what ranks gather; losses widen it
  bool scales_loss = false;  // gradients of half precision need it (loss_scaler.h)
};

// fp32 | amp_bf16 | amp (float16 with a scaled loss), OpenCLIP's names; and fp64, for checks of the
// mathematics (weights files hold float32). Throws ConfigError for other names.
Precision precision_of(const std::string& name);

}  // namespace helip::train
