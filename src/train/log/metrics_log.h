// metrics.jsonl: one JSON object a line, for all repeats of a job. Written by rank 0 alone.
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
  std::optional<SslFigures> ssl = {};  // only with SLIP's term
  double lr = 0, logit_scale = 0;      // logit_scale: the factor on the cosines, no log
  double samples_per_second = 0;
  double data_time = 0, batch_time = 0;  // seconds per step, mean since the last line
  double checkpoint_stall = 0;           // seconds that training waited for checkpoints since then
  std::uint64_t peak_memory = 0;         // resident bytes of rank 0 since its start
  std::uint64_t peak_device_memory = 0;  // bytes of tensors on rank 0's GPU; 0 on the CPU
};

class MetricsLog {
 public:
  // Removes the lines of `seed` past `resumed_step` from an existing file (step_lines.h).
  MetricsLog(std::filesystem::path file, std::uint64_t seed, std::uint64_t resumed_step);
  void append(const MetricsLine& line) const;

 private:
  std::filesystem::path file_;
};

}  // namespace helip::train
