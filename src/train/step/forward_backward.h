// Loss and gradients of one global batch on one rank: towers, losses, backward, averaging.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>

#include "comm/collectives.h"
#include "comm/gradient_sync.h"
#include "config/run_config.h"
#include "model/model.h"
#include "train/input/input_loader.h"
#include "train/input/local_batch.h"
#include "train/step/batch_loss.h"
#include "train/step/precision.h"
#include "train/step/ssl_loss.h"
#include "train/step/step_result.h"
#include "train/step/step_seconds.h"
#include "train/step/trained_parameters.h"

namespace helip::train {

// Losses of a global batch, equal on all ranks.
struct BatchLosses {
  double loss = 0, contrastive = 0, margin = 0;    // of the global batch
  std::optional<SslFigures> ssl = {};              // only with SLIP's term
  bool flagged = false;                            // run()'s `flag` of any rank
  std::optional<MarginShares> margin_shares = {};  // if asked for, with a margin loss
};

// Inputs of one tower with the keys of their random draws, in CPU memory.
struct TowerRows {
  at::Tensor values;  // [B, …]; undefined if there are none
  model::DrawKeys keys;

  [[nodiscard]] TowerRows narrow(std::int64_t first, std::int64_t count) const;
};

// Inputs of this rank's towers: its pairs, and the views of SLIP's term.
struct TowerInputs {
  TowerRows image, text;
  std::array<TowerRows, 2> views;
};

struct TowerOutputs {
  PairEmbeddings pairs;
  ViewFeatures views;
};

// The inputs of a pass besides the model and the batch.
struct ForwardBackwardOptions {
  config::LossConfig loss;
  config::SlipConfig slip;
  std::uint32_t accum_freq = 1;
  Precision precision;
  c10::Device device;
};

// With train.accum_freq A > 1 the towers see this rank's rows in A parts, and the losses see the
// features of all rows (gradient caching: Gao et al., arXiv 2101.06983): the gradient is that of
// one pass over all rows, the memory that of one part. Every random draw has a key, so the second
// pass over a part repeats the first.
class ForwardBackward {
 public:
  // Prepares passes over `model`. `model`, `trained` and `ranks` must outlive this. Throws
  // ConfigError if A > 1 and a tower that is not locked as a whole has batch norms, which would see
  // parts of the batch.
  ForwardBackward(const ForwardBackwardOptions& options, model::Model& model,
                  const TrainedParameters& trained, comm::Collectives& ranks);

  // Computes the losses of the global batch; a collective. If the loss is finite, fills every
  // trained parameter's .grad with loss_scale times the gradient of the global loss; else leaves
  // .grad undefined. Precondition: no parameter has a .grad. Borrows `inputs` for the call.
  BatchLosses run(const LocalBatch& batch, const InputBatch& inputs, std::uint64_t seed,
                  std::uint64_t epoch, double loss_scale, bool flag, bool with_statistics);
  // Returns the seconds of the last run; zeros before the first one.
  [[nodiscard]] const StepSeconds& seconds() const { return seconds_; }

 private:
  // Returns part i of `count` of the inputs.
  static TowerInputs part_of(const TowerInputs& inputs, std::int64_t i, std::int64_t count);
  TowerOutputs outputs(const TowerInputs& inputs) const;
  TowerOutputs cached_outputs(const TowerInputs& inputs, std::int64_t parts) const;
  void backward_parts(const TowerInputs& inputs, std::int64_t parts, const TowerOutputs& cached);
  LossShares shares_of(const TowerOutputs& outputs, const LocalBatch& batch,
                       bool with_statistics) const;
  BatchLosses agree(const LossShares& shares, bool flag) const;

  const ForwardBackwardOptions options_;
  const LossWeights weights_;
  model::Model& model_;
  const TrainedParameters& trained_;
  comm::Collectives& ranks_;
  comm::GradientSync sync_;
  StepSeconds seconds_;
};

}  // namespace helip::train
