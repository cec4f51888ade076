// metrics.jsonl: one JSON object a line, of all repeats of a job. Written by rank 0 alone.
// Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "train/step/step_result.h"

namespace helip::train {

struct MetricsLine {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;  // steps done
  double epoch = 0;
  double loss = 0, contrastive_loss = 0, margin_loss = 0;
  std::optional<MarginShares> margin_shares = {};
  std::optional<SslFigures> ssl = {};  // where there is SLIP's term
  double lr = 0, logit_scale = 0;      // logit_scale: as the factor on the cosines
  double samples_per_second = 0;
  double data_time = 0, batch_time = 0;  // seconds per step, mean since the last line
  double checkpoint_stall = 0;    // seconds that checkpoints kept training waiting since then
  std::uint64_t peak_memory = 0;  // bytes, of rank 0 since its start
  std::uint64_t peak_device_memory = 0;  // bytes of tensors on its GPU; 0 without one
};

class MetricsLog {
 public:
  // Cuts what an earlier run wrote, as step_lines.h says.
  MetricsLog(std::filesystem::path file, std::uint64_t seed, std::uint64_t resumed_step);
  void append(const MetricsLine& line) const;

 private:
  std::filesystem::path file_;
};

}  // namespace helip::train
