// Tensors made of a batch's plain numbers.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <vector>

namespace helip::train {

// Returns a copy of `values` on `device`, with this shape and dtype.
template <typename T>
at::Tensor to_tensor(const std::vector<T>& values, at::IntArrayRef shape, at::ScalarType dtype,
                     const at::Device& device) {
  // from_blob wants a mutable pointer; only the copy is returned.
  auto* data = const_cast<T*>(values.data());
  const at::TensorOptions options = at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value);
  return at::from_blob(data, shape, options)
      .to(device, dtype, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace helip::train
