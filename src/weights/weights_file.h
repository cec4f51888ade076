// Reads the weights of any file: torch.save's (.pt, .pth, .bin), TorchScript archives, safetensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "weights/tensor_names.h"

namespace helip::weights {

// Facts that a checkpoint states beside its tensors.
struct CheckpointFacts {
  using Plain = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string>;

  std::string container;  // "torch.save", "TorchScript", "safetensors"
  Layout layout = Layout::kOther;
  bool openai = false;  // OpenAI's own weights: trained with QuickGELU
  std::optional<std::int64_t> epoch = {};
  std::optional<std::int64_t> step = {};
  std::string name = {};                   // of the run that made it
  std::map<std::string, Plain> args = {};  // the plain ones of its training's arguments (SLIP)
  // Keys beside `state_dict` whose tensors were not read, as `state_dict_ema`.
  std::vector<std::string> other_models = {};
};

// Immutable; views live as long as the object.
class WeightsFile {
 public:
  // Opens a file; its content, not its name, says of which kind it is. The tensors are those under
  // `state_dict`, or those of the whole file if it is a bare state_dict. Their names have no
  // wrappers' prefixes and are in OpenCLIP's or SLIP's own form; entries that are no parameters are
  // left out (weights/tensor_names.h). Throws StoreError naming the file and what is wrong with it
  // (weights/torch_file.h, store/safetensors.h).
  static WeightsFile open(const std::filesystem::path& path);

  [[nodiscard]] const Tensors& tensors() const { return tensors_; }
  [[nodiscard]] const CheckpointFacts& facts() const { return facts_; }

 private:
  std::shared_ptr<const void> file_;  // holds what the views point into
  Tensors tensors_;
  CheckpointFacts facts_;
};

}  // namespace helip::weights
