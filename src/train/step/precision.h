// What a step is computed in (train.precision).
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <optional>

#include "config/choices.h"

namespace helip::train {

struct Precision {
  c10::ScalarType weights = c10::ScalarType::Float;  // and moments
  std::optional<c10::ScalarType> products;           // autocast of the towers; null: as the weights
  c10::ScalarType features = c10::ScalarType::Float;  // what ranks gather; losses widen it
  bool scales_loss = false;  // gradients of half precision need it (loss_scaler.h)
};

// Returns what a mode computes in. Weights files hold float32, so kFp64 is for checks of the
// mathematics alone.
Precision precision_of(config::PrecisionMode mode);

}  // namespace helip::train
