// The model in training on one rank: forward, loss, backward, averaging, optimizer. Torch-free
// header, so that the training loop knows no tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "comm/group.h"
#include "config/run_config.h"
#include "data/image/image.h"
#include "data/tokens/tokenizer.h"
#include "model/files/input_kinds.h"
#include "model/layers/layer_seconds.h"
#include "train/checkpoint/checkpoint_writer.h"
#include "train/checkpoint/loss_scaler.h"
#include "train/input/input_loader.h"
#include "train/input/local_batch.h"
#include "train/step/step_result.h"
#include "train/step/step_seconds.h"

namespace helip::train {

// The inputs of one step besides the batch.
struct StepOptions {
  std::uint64_t seed = 0;  // of dropout
  std::uint64_t epoch = 0;
  double lr = 0;
  bool stop_wanted = false;  // this rank was asked to stop
  bool statistics = false;   // asks for margin_shares; the same on all ranks
  bool time_layers = false;  // asks for layer_seconds(); ranks may differ
  // Called, if it is set, before weights and moments change.
  std::function<void()> before_update = {};
};

// The sections of the configuration that training one model depends on.
struct TrainStepConfig {
  config::ModelConfig model;
  config::TrainConfig train;
  config::LossConfig loss;
  config::SlipConfig slip;
  std::uint32_t threads = 1;  // launcher.threads_per_worker
};
TrainStepConfig train_step_config(const config::RunConfig& config);

// Every rank calls the collectives in the same order.
class TrainStep {
 public:
  // Builds options.model with its initial weights on `device` ("cpu", "cuda:I"). Makes LibTorch
  // deterministic for this process and, on the CPU, sets the number of its threads and keeps freed
  // memory in the process. `ranks` must come from comm::open_group and outlive this. Throws
  // ConfigError for an unknown device or options that do not fit the model, CommError if `ranks`
  // cannot carry tensors, and what model::load_model throws.
  TrainStep(const TrainStepConfig& options, const std::string& device, comm::Group& ranks);
  ~TrainStep();
  TrainStep(const TrainStep&) = delete;
  TrainStep& operator=(const TrainStep&) = delete;

  // Returns what step() takes of each modality.
  [[nodiscard]] model::InputKinds input_kinds() const;
  // Returns true if the model trains with SLIP's self-supervised term: batches need views.
  [[nodiscard]] bool wants_views() const;
  // Returns the sha256 over architecture and initial weights.
  [[nodiscard]] const std::string& initial_digest() const;
  [[nodiscard]] const data::PreprocessConfig& preprocess() const;
  // Throws ConfigError for a model over given features.
  [[nodiscard]] const data::Tokenizer& tokenizer() const;
  // Returns the most bytes that tensors have taken on the GPU at one time; 0 on the CPU.
  [[nodiscard]] std::uint64_t peak_device_bytes() const;

  // Makes one optimizer step on the global batch of which `batch` and `inputs` are this rank's
  // part; a collective. A step with a loss or gradient that is not finite changes no weights. Any
  // other step leaves the model's logit_scale, a logarithm, in [0, ln 100].
  StepResult step(const LocalBatch& batch, const InputBatch& inputs, const StepOptions& options);

  // Returns the seconds of the last step, zeros before the first one.
  [[nodiscard]] const StepSeconds& last_step() const;
  // Returns the seconds of each layer in the last step, in the order of the first forward pass;
  // empty if the step was not timed.
  [[nodiscard]] const std::vector<model::LayerSeconds>& layer_seconds() const;

  // Returns float16's factor on the loss; it is 1 and never changes in other precisions.
  // Checkpoints hold it (TrainState::scaler).
  [[nodiscard]] const LossScaler& scaler() const;
  void set_scaler(const LossScaler& scaler);

  // Throws CommError on all ranks if they hold different weights (desync_check.h); a collective.
  void check_equal_weights(std::uint64_t step) const;

  // Returns the state that a checkpoint of this moment holds; empty on ranks other than 0. A
  // collective with train.shard_optimizer: the ranks send rank 0 their moments. Weights and moments
  // must not change before its copy() has ended. The next call of snapshot() makes it invalid.
  Snapshot& snapshot();
  // Reads weights and moments of a checkpoint, on this rank alone. Throws StoreError or
  // ConfigError.
  void load_checkpoint(const std::filesystem::path& folder);
  // Writes the finished model as a folder that load_model reads, mixed with the initial weights by
  // train.wise_ft; `folder` must not exist.
  void publish_model(const std::filesystem::path& folder) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::train
