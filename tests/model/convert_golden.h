// Conversions of the golden OpenCLIP model.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>

#include "golden_file.h"
#include "model/files/convert_job.h"
#include "store/safetensors.h"
#include "weights/weights_file.h"

namespace helip::test {

inline const std::filesystem::path kWeights = golden("open_clip_model/weights.safetensors");
inline const std::filesystem::path kConfig = golden("open_clip_model/config.json");

// Converts with the golden model's architecture, or another.
inline model::ConvertReport convert(const std::filesystem::path& in,
                                    const std::filesystem::path& out,
                                    const std::string& precision = "",
                                    const std::filesystem::path& architecture = kConfig) {
  model::ConvertSpec spec{.out = out, .precision = precision};
  spec.model.architecture = architecture.string();
  spec.model.init = in.string();
  return model::convert_weights(spec);
}

// Returns the name of the first tensor whose bytes, shape or dtype in the file are not the expected
// ones; empty if there is none.
inline std::string first_change(const std::filesystem::path& file,
                                const weights::Tensors& expected) {
  const auto found = weights::WeightsFile::open(file);
  if (found.tensors().size() != expected.size()) return "another number of tensors";
  for (const auto& [name, view] : expected) {
    const auto& other = found.tensors().at(name);
    if (other.dtype != view.dtype || other.shape != view.shape ||
        !std::ranges::equal(other.data, view.data)) {
      return name;
    }
  }
  return {};
}

}  // namespace helip::test
