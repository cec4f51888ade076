// The golden TorchScript towers that can be trained, with what PyTorch computed by them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "common/digest.h"
#include "golden_file.h"
#include "golden_tensors.h"
#include "model/files/two_tower_config.h"
#include "model/forward_mode.h"

namespace helip::test {

inline const GoldenTensors& expected() {
  static const GoldenTensors tensors(golden("trained_towers/expected.safetensors"));
  return tensors;
}

inline model::PinnedFile pinned(const std::string& name) {
  const std::filesystem::path file = golden("trained_towers/" + name);
  return {file, sha256_file(file)};
}

inline constexpr std::int64_t kImageDim = 10;
inline constexpr std::int64_t kTextDim = 6;

inline model::DrawKeys keys(std::uint64_t epoch = 0, std::size_t rows = 5) {
  model::DrawKeys result{.seed = 1, .epoch = epoch, .sample = {}, .slot = {}};
  for (std::size_t i = 0; i < rows; ++i) {
    result.sample.push_back(20 + i);
    result.slot.push_back(i);
  }
  return result;
}

}  // namespace helip::test
