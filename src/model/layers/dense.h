// Computes the dense layer of all towers.
#pragma once

#include <ATen/core/Tensor.h>

namespace helip::model {

// Returns x·Wᵀ + b of x [..., I], weight [O, I] and bias [O] or undefined, as at::linear. Float32
// on the CPU is computed by oneDNN, forward and backward: LibTorch's choice, MKL, leaves AVX-512
// unused on processors that are not Intel's, at half the speed. Under autocast it is at::linear.
at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace helip::model
