#include "model/tensor_check.h"

#include "common/error.h"

namespace helip::model {

void check_same_tensors(const std::map<std::string, ExpectedTensor>& expected,
                        const std::map<std::string, store::TensorView>& tensors,
                        const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& what, const std::string& wanted,
                          const std::string& found) {
    throw ConfigError({.what = "the weights are of another model: " + what,
                       .where = file.string(),
                       .expected = wanted,
                       .found = found});
  };
  for (const auto& [name, tensor] : expected) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      refuse("tensor '" + name + "' is missing", store::shape_text(tensor.shape), "nothing");
    }
    const store::TensorView& view = found->second;
    if (view.shape != tensor.shape) {
      refuse("tensor '" + name + "' has another shape", store::shape_text(tensor.shape),
             store::shape_text(view.shape));
    }
    const bool floating = store::is_floating(tensor.dtype);
    if (floating ? !store::is_floating(view.dtype) : view.dtype != tensor.dtype) {
      refuse("tensor '" + name + "' has another dtype",
             floating ? "F32, F16, BF16 or F64" : tensor.dtype, view.dtype);
    }
  }
  for (const auto& [name, view] : tensors) {
    if (!expected.contains(name)) {
      refuse("tensor '" + name + "' is surplus", "nothing", store::shape_text(view.shape));
    }
  }
}

}  // namespace helip::model
