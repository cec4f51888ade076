#include "model/tensor_check.h"

#include "common/error.h"

namespace helip::model {

void check_same_tensors(const std::map<std::string, std::vector<std::uint64_t>>& expected_shapes,
                        const std::map<std::string, store::TensorView>& tensors,
                        const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& what, const std::string& expected,
                          const std::string& found) {
    throw ConfigError({.what = "the weights are of another model: " + what,
                       .where = file.string(),
                       .expected = expected,
                       .found = found});
  };
  for (const auto& [name, shape] : expected_shapes) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      refuse("tensor '" + name + "' is missing", store::shape_text(shape), "nothing");
    }
    const store::TensorView& view = found->second;
    if (view.shape != shape) {
      refuse("tensor '" + name + "' has another shape", store::shape_text(shape),
             store::shape_text(view.shape));
    }
    const bool counter = name.ends_with(".num_batches_tracked");
    if (counter ? view.dtype != "I64" : !store::is_floating(view.dtype)) {
      refuse("tensor '" + name + "' has another dtype", counter ? "I64" : "F32, F16, BF16 or F64",
             view.dtype);
    }
  }
  for (const auto& [name, view] : tensors) {
    if (!expected_shapes.contains(name)) {
      refuse("tensor '" + name + "' is surplus", "nothing", store::shape_text(view.shape));
    }
  }
}

}  // namespace helip::model
