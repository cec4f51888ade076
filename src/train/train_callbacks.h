// Calls by which a training reports to its caller and asks it for tables. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "train/checkpoint/held_out_scores.h"
#include "train/step/step_result.h"

namespace helip::train {

struct TrainProgress {
  std::uint64_t step = 0, steps = 0;
  double epoch = 0;
  double loss = 0, contrastive_loss = 0, margin_loss = 0;
  std::optional<SslFigures> ssl = {};  // only with SLIP's term
  double lr = 0, logit_scale = 0, samples_per_second = 0;
  // Share of the time between the last two lines of metrics that training waited for data. 0 before
  // the first line.
  double data_share = 0;
  HeldOutScore score = {};  // the last one; no results before the first
};

// A hard-pair table to be mined with a checkpoint's weights.
struct RemineRequest {
  std::uint32_t version = 2;
  std::uint64_t step = 0;        // the weights are of this step
  std::uint64_t first_step = 0;  // first step that draws from the table
  std::filesystem::path checkpoint;
  std::filesystem::path previous_table;
  std::filesystem::path table;  // folder to be made
};

struct TrainCallbacks {
  std::function<void(const TrainProgress&)> progress;  // rank 0 only
  // Called on all ranks; true on one stops all. With remine.workers it throws, on rank 0, what made
  // mining fail.
  std::function<bool()> should_stop;
  // Mines the requested table; called on all ranks between two steps. Needed if the configuration
  // has `remine` without workers. Returns false, on all ranks, if a rank was asked to stop.
  std::function<bool(const RemineRequest&)> remine = {};
  // Called on rank 0 with remine.workers. ask_for_table requests a table; one that exists already
  // is removed and mined again. table_is_there returns whether the table exists.
  std::function<void(const RemineRequest&)> ask_for_table = {};
  std::function<bool(const RemineRequest&)> table_is_there = {};
  // Scores a checkpoint on scores.datasets; needed if there are any. Called on rank 0 alone, in a
  // thread of its own, while training waits.
  std::function<std::vector<HeldOutResult>(const std::filesystem::path& checkpoint)> score = {};
};

}  // namespace helip::train
