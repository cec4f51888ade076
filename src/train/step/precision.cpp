#include "train/step/precision.h"

#include "common/error.h"

namespace helip::train {

Precision precision_of(const std::string& name) {
  using c10::ScalarType;
  Precision precision;
  if (name == "fp32") return precision;
  if (name == "fp64") {
    precision.weights = precision.features = ScalarType::Double;
    return precision;
  }
  if (name == "amp_bf16") {
    precision.products = precision.features = ScalarType::BFloat16;
    return precision;
  }
  if (name == "amp") {
    // Scaled gradients leave float16's range first in sums: they are gathered in float32.
    precision.products = ScalarType::Half;
    precision.scales_loss = true;
    return precision;
  }
  throw ConfigError({.what = "unknown precision",
                     .where = "train.precision",
                     .expected = "fp32, amp_bf16 or amp",
                     .found = name});
}

}  // namespace helip::train
