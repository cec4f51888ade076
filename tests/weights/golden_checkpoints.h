// The golden checkpoints and what they hold.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>

#include "store/safetensors.h"
#include "weights/tensor_names.h"

namespace helip::test {

inline const std::filesystem::path kCheckpoints =
    std::filesystem::path(HELIP_SOURCE_DIR) / "tests/golden/checkpoints";

inline const store::SafetensorsFile& all_expected() {
  static const auto file = store::SafetensorsFile::open(kCheckpoints / "expected.safetensors");
  return file;
}

// The tensors of NAME.pt, by their plain names.
inline weights::Tensors expected_tensors(const std::string& name) {
  weights::Tensors result;
  for (const auto& [full, view] : all_expected().tensors()) {
    if (full.starts_with(name + "/")) result[full.substr(name.size() + 1)] = view;
  }
  return result;
}

// "" if equal in names, dtypes, shapes and bytes, else the first difference.
inline std::string difference(const weights::Tensors& found, const weights::Tensors& expected) {
  for (const auto& [name, view] : found) {
    if (!expected.contains(name)) return name + " is surplus";
  }
  for (const auto& [name, view] : expected) {
    const auto other = found.find(name);
    if (other == found.end()) return name + " is missing";
    if (other->second.dtype != view.dtype) return name + " is " + other->second.dtype;
    if (other->second.shape != view.shape) return name + " has another shape";
    if (!std::ranges::equal(other->second.data, view.data)) return name + " has other values";
  }
  return {};
}

}  // namespace helip::test
