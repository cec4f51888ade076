// Times a training step layer by layer, where one asks for it: forward around the layers' calls,
// backward between the gradients of a layer's output and of its input. Results keep their bits.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/threads/mutex.h"
#include "model/layers/layer_seconds.h"

namespace helip::model {

// A GPU is waited for at every mark. Must outlive the graphs of the layers that it timed.
class LayerTimer {
 public:
  explicit LayerTimer(const c10::Device& device) : device_(device) {}

  // Returns seconds by a clock of its own, when the device has done all that it was given.
  [[nodiscard]] double now() const;
  // Notes that the forward pass of a layer, which began at `began`, has given `output`. The
  // backward pass of a layer whose input has no gradient ends with the last of its parameters'
  // gradients.
  void note(std::string_view name, const at::Tensor& input, const at::Tensor& output, double began);
  // Returns what was timed since the last call, in the order in which the layers ran first.
  [[nodiscard]] std::vector<LayerSeconds> take();

 private:
  std::size_t index_of(std::string_view name) HELIP_REQUIRES(mutex_);

  const c10::Device device_;
  Mutex mutex_;  // backward of a GPU's layers runs in a thread of LibTorch
  std::vector<LayerSeconds> layers_ HELIP_GUARDED_BY(mutex_);
};

// Returns the output of run(), a layer's forward pass on `input`, and times it if there is a timer.
template <typename Run>
at::Tensor timed(LayerTimer* timer, std::string_view name, const at::Tensor& input, Run run) {
  if (timer == nullptr) return run();
  const double began = timer->now();
  const at::Tensor output = run();
  timer->note(name, input, output, began);
  return output;
}

}  // namespace helip::model
