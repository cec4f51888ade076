// What a training tells its caller, and asks of it. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "train/step/step_result.h"

namespace helip::train {

struct TrainProgress {
  std::uint64_t step = 0, steps = 0;
  double epoch = 0;
  double loss = 0, contrastive_loss = 0, margin_loss = 0;
  std::optional<SslFigures> ssl = {};  // where there is SLIP's term
  double lr = 0, logit_scale = 0, samples_per_second = 0;
  // Share of the time between the last two lines of metrics that went into waiting for data. 0
  // before the first line.
  double data_share = 0;
};

// A table that is to be mined with a checkpoint's weights.
struct RemineRequest {
  std::uint32_t version = 2;
  std::uint64_t step = 0;        // of the weights
  std::uint64_t first_step = 0;  // that will draw from the table
  std::filesystem::path checkpoint;
  std::filesystem::path previous_table;
  std::filesystem::path table;  // to be made
};

struct TrainCallbacks {
  std::function<void(const TrainProgress&)> progress;  // rank 0 only
  // Any rank; agreed by all ranks. Throws, on rank 0 with remine.workers, what made mining fail.
  std::function<bool()> should_stop;
  // All ranks, between two steps; needed if the configuration has `remine` without workers. False,
  // on all ranks: a rank was asked to stop.
  std::function<bool(const RemineRequest&)> remine = {};
  // Used by rank 0 with remine.workers. ask_for_table requests a table; one that exists already is
  // removed and mined again.
  std::function<void(const RemineRequest&)> ask_for_table = {};
  std::function<bool(const RemineRequest&)> table_is_there = {};
  // Zero-shot accuracy (acc1, 0 to 1) of a checkpoint on early_stop.dataset; needed if there is
  // one. Rank 0 only, in a thread of its own, while training waits.
  std::function<double(const std::filesystem::path& checkpoint)> held_out_accuracy = {};
};

}  // namespace helip::train
