// A TorchScript file as a tower: loaded once its sha256 is that of the model, and run.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include "model/files/two_tower_config.h"

namespace torch::jit {
struct Module;
}

namespace helip::model {

// Returns the module in evaluation mode. The digest is taken of the very bytes that are loaded; a
// line of the log names file and digest. Turns TorchScript's profiling off for this process. Throws
// StoreError (another file) or ConfigError (not TorchScript).
torch::jit::Module load_script(const PinnedFile& file, const c10::Device& device);

// Returns the file and its digest for messages.
std::string named(const PinnedFile& file);

// Returns one line of the error. TorchScript's errors are a stack of lines, of which the last
// "RuntimeError: …" says what happened.
std::string one_line(const std::exception& error);

// Returns what a trace has fixed in the module's graph that differs between training and
// evaluation: "aten::dropout with train = False", or an operation of evaluation alone; an empty
// text if nothing is fixed.
std::string fixed_mode(const torch::jit::Module& module);

// Returns the module's features [B, feature_dim] of `input`. Throws ConfigError naming the file if
// the module does not run on it or gives something else than float32 [B, feature_dim].
at::Tensor run_script(torch::jit::Module& module, const PinnedFile& file, const at::Tensor& input,
                      std::int64_t feature_dim);

// A tower that is not trained: no gradients, loaded when it is first run.
class FrozenTower {
 public:
  FrozenTower(PinnedFile file, std::int64_t feature_dim);
  ~FrozenTower();
  FrozenTower(const FrozenTower&) = delete;
  FrozenTower& operator=(const FrozenTower&) = delete;

  at::Tensor run(const at::Tensor& input, const c10::Device& device);

 private:
  PinnedFile file_;
  std::int64_t feature_dim_;
  std::unique_ptr<torch::jit::Module> module_;
  c10::Device device_ = at::kCPU;
};

}  // namespace helip::model
