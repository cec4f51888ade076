// Golden tensors and comparisons, for tests that use LibTorch.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokens/tokenizer.h"
#include "store/safetensors.h"

namespace helip::test {

class GoldenTensors {
 public:
  explicit GoldenTensors(const std::filesystem::path& file)
      : file_(store::SafetensorsFile::open(file)) {}

  [[nodiscard]] at::Tensor operator[](const std::string& name) const {
    const store::TensorView& view = file_.tensors().at(name);
    const std::vector<std::int64_t> shape(view.shape.begin(), view.shape.end());
    at::Tensor result = at::empty(shape, view.dtype == "I64" ? at::kLong : at::kFloat);
    std::memcpy(result.mutable_data_ptr(), view.data.data(), view.data.size());
    return result;
  }
  [[nodiscard]] std::vector<std::string> names(std::string_view prefix) const {
    std::vector<std::string> result;
    for (const auto& [name, view] : file_.tensors()) {
      if (name.starts_with(prefix)) result.push_back(name.substr(prefix.size()));
    }
    return result;
  }

 private:
  store::SafetensorsFile file_;
};

// ||a - b|| / ||b||, in double; of the largest elements for max_difference.
inline double distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor wide = b.to(at::kDouble);
  return a.detach().to(at::kDouble).sub(wide).norm().item<double>() / wide.norm().item<double>();
}
inline double max_difference(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor wide = b.to(at::kDouble);
  return a.detach().to(at::kDouble).sub(wide).abs().max().item<double>() /
         wide.abs().max().item<double>();
}

// For models whose texts come as tokens.
class NoTokenizer final : public data::Tokenizer {
 public:
  [[nodiscard]] int context_length() const override { return 16; }
  [[nodiscard]] std::int64_t vocabulary_size() const override { return 514; }
  void encode(std::string_view /*text*/, std::span<std::int64_t> /*out*/) const override {}
};

}  // namespace helip::test
