#include "train/step/precision.h"

namespace helip::train {

Precision precision_of(config::PrecisionMode mode) {
  using c10::ScalarType;
  Precision precision;
  switch (mode) {
    case config::PrecisionMode::kFp32:
      break;
    case config::PrecisionMode::kFp64:
      precision.weights = precision.features = ScalarType::Double;
      break;
    case config::PrecisionMode::kAmpBf16:
      precision.products = precision.features = ScalarType::BFloat16;
      break;
    case config::PrecisionMode::kAmp:
      // Scaled gradients leave float16's range first in sums: they are gathered in float32.
      precision.products = ScalarType::Half;
      precision.scales_loss = true;
      break;
  }
  return precision;
}

}  // namespace helip::train
