// The dtypes of a training step (train.precision).
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <optional>

#include "config/choices.h"

namespace helip::train {

struct Precision {
  c10::ScalarType weights = c10::ScalarType::Float;  // and moments
  std::optional<c10::ScalarType> products;           // autocast of the towers; null: as the weights
  c10::ScalarType features = c10::ScalarType::Float;  // of gathered features; losses widen them
  bool scales_loss = false;  // gradients of float16 need it (loss_scaler.h)
};

// Returns the dtypes of a mode. Weights files hold float32, so kFp64 is for checks of the
// mathematics alone.
Precision precision_of(config::PrecisionMode mode);

}  // namespace helip::train
