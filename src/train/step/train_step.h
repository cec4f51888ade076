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
#include "model/layers/layer_seconds.h"
#include "train/checkpoint/checkpoint_writer.h"
#include "train/checkpoint/loss_scaler.h"
#include "train/input/input_loader.h"
#include "train/input/local_batch.h"
#include "train/step/step_result.h"
#include "train/step/step_seconds.h"

namespace helip::train {

// What one step depends on besides the batch.
struct StepOptions {
  std::uint64_t seed = 0;  // of dropout
  std::uint64_t epoch = 0;
  double lr = 0;
  bool stop_wanted = false;  // this rank was asked to stop
  bool statistics = false;   // margin_shares are wanted; the same on all ranks
  bool time_layers = false;  // layer_seconds() are wanted; a rank's own affair
  // Called before weights and moments change, if it is set.
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

// Every rank calls step, in the same order; it is a collective.
class TrainStep {
 public:
  // Builds options.model with its initial weights on `device` ("cpu", "cuda:I"). Makes LibTorch
  // deterministic for this process and, on the CPU, sets the number of its threads and lets it keep
  // memory that it frees. `ranks` must come from comm::open_group and outlive this. Throws
  // ConfigError (device) or what model::load_model throws.
  TrainStep(const TrainStepConfig& options, const std::string& device, comm::Group& ranks);
  ~TrainStep();
  TrainStep(const TrainStep&) = delete;
  TrainStep& operator=(const TrainStep&) = delete;

  // True if inputs are cached tower features, false if pixels and tokens.
  [[nodiscard]] bool takes_features() const;
  // True with SLIP's self-supervised term: batches need views.
  [[nodiscard]] bool wants_views() const;
  // sha256 over architecture and initial weights.
  [[nodiscard]] const std::string& initial_digest() const;
  [[nodiscard]] const data::PreprocessConfig& preprocess() const;
  [[nodiscard]] const data::Tokenizer& tokenizer() const;
  // The most bytes that tensors have taken on a GPU at one time; 0 on the CPU.
  [[nodiscard]] std::uint64_t peak_device_bytes() const;

  // One optimizer step on the global batch of which `batch` and `inputs` are this rank's part.
  // Afterwards the model's logit_scale, a logarithm, lies in [0, ln 100].
  StepResult step(const LocalBatch& batch, const InputBatch& inputs, const StepOptions& options);

  // Returns the seconds of the last step, zeros before the first one.
  [[nodiscard]] const StepSeconds& last_step() const;
  // Returns the seconds of each layer in the last step, in the order of the first forward pass;
  // empty if the step was not timed.
  [[nodiscard]] const std::vector<model::LayerSeconds>& layer_seconds() const;

  // float16's factor on the loss; 1, never changed, in other precisions. It belongs to the state.
  [[nodiscard]] const LossScaler& scaler() const;
  void set_scaler(const LossScaler& scaler);

  // Collective. Throws CommError on all ranks if their weights are not the same bits, see
  // desync_check.h.
  void check_equal_weights(std::uint64_t step) const;

  // What a checkpoint of this moment holds; on rank 0 alone it holds anything. A collective with
  // train.shard_optimizer: the ranks send rank 0 their moments. Weights and moments must not change
  // before its copy() has ended; the next call of snapshot() ends its life.
  Snapshot& snapshot();
  // Each rank for itself.
  void load_checkpoint(const std::filesystem::path& folder);
  // The finished model as a folder that load_model reads, mixed with the initial weights as
  // train.wise_ft says; `folder` must not exist.
  void publish_model(const std::filesystem::path& folder) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::train
