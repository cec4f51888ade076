// Normal deviates as a tensor, the same for the same seed and purpose.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/rng.h"

namespace helip::test {

inline at::Tensor normal_tensor(std::uint64_t seed, const std::string& purpose,
                                const std::vector<std::int64_t>& shape, at::ScalarType dtype) {
  RandomStream stream(seed, purpose, {});
  const at::Tensor values = at::empty(shape, at::kDouble);
  auto* data = values.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < values.numel(); ++i) data[i] = stream.normal();
  return values.to(dtype);
}

}  // namespace helip::test
