// layer_times.jsonl: one JSON object for each step that was timed layer by layer
// (train.time_layers_every). Written by rank 0 alone. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "model/layers/layer_seconds.h"
#include "train/step/step_seconds.h"

namespace helip::train {

inline constexpr const char* kLayerTimesFile = "layer_times.jsonl";  // beside metrics.jsonl

class LayerTimesLog {
 public:
  // Removes the lines of `seed` past `resumed_step` from an existing file (step_lines.h).
  LayerTimesLog(std::filesystem::path file, std::uint64_t seed, std::uint64_t resumed_step);
  // Appends the times of one step. `step`: the number of steps that are done after it.
  void append(std::uint64_t step, const StepSeconds& seconds,
              const std::vector<model::LayerSeconds>& layers) const;

 private:
  std::filesystem::path file_;
  std::uint64_t seed_;
};

}  // namespace helip::train
