// Training as a job. Torch-free header. All ranks of a launch call run_train_job with the same
// spec.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "comm/group.h"
#include "train/checkpoint/early_stopping.h"
#include "train/step/step_result.h"
#include "train/train_spec.h"

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
};

// What a training has used: equal for every arm of a fair comparison.
struct TrainBudget {
  std::string initial_digest;  // of architecture and initial weights
  std::uint64_t usable = 0;    // pairs of the corpus that are not quarantined
  std::uint64_t pairs = 0;     // that have passed through the towers, M a step
  std::uint64_t views = 0;     // that have passed through the image tower beside them (SLIP's term)
};

struct TrainReport {
  std::uint64_t steps = 0;
  TrainBudget budget = {};
  std::uint64_t resumed_from = 0;  // step of the checkpoint; 0 without one
  double final_loss = 0;
  bool stopped = false;  // a rank was asked to stop; a checkpoint was written
  // The best score on held-out images (early_stop). The finished model has the weights of that
  // step, or, if its checkpoint is damaged, of the best score whose checkpoint is whole, or of the
  // last step.
  std::optional<HeldOutScore> best = {};
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
  std::function<bool()> should_stop;                   // called on all ranks; true on one stops all
  // Mines the requested table; called on all ranks between two steps. Needed if the configuration
  // has `remine` without workers. Returns false, on all ranks, if a rank was asked to stop.
  std::function<bool(const RemineRequest&)> remine = {};
  // Called on rank 0 with remine.workers. ask_for_table requests a table; one that exists already
  // is removed and mined again. table_is_there returns whether the table exists, and throws the
  // error that made mining fail.
  std::function<void(const RemineRequest&)> ask_for_table = {};
  std::function<bool(const RemineRequest&)> table_is_there = {};
  // Returns the zero-shot accuracy (acc1, 0 to 1) of a checkpoint on early_stop.dataset; needed if
  // that is set. Called on rank 0 alone, in a thread of its own, while training waits.
  std::function<double(const std::filesystem::path& checkpoint)> held_out_accuracy = {};
};

// Trains a model, from its newest checkpoint if there is one. Unless a rank was asked to stop,
// publishes the finished model in spec.model_folder. A collective. `ranks` must come from
// comm::open_group of this build. Throws helip::Error (ConfigError, DataError, StoreError,
// CommError); before that, a rank among several calls ranks.abandon().
TrainReport run_train_job(const TrainSpec& spec, comm::Group& ranks,
                          const TrainCallbacks& callbacks);

}  // namespace helip::train
