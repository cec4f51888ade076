#include "train/step/train_step.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "comm/collectives.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/heap.h"
#include "common/text.h"
#include "model/layers/layer_timer.h"
#include "model/model.h"
#include "train/checkpoint/checkpoint.h"
#include "train/step/desync_check.h"
#include "train/step/forward_backward.h"
#include "train/step/optimizer.h"
#include "train/step/optimizer_shards.h"
#include "train/step/precision.h"
#include "train/step/ssl_loss.h"
#include "train/step/train_step_snapshot.h"
#include "train/step/trained_parameters.h"

namespace helip::train {
namespace {

void make_deterministic(std::uint32_t threads, const at::Device& device) {
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  // Deterministic mode would else fill every new tensor before it is written.
  context.setDeterministicFillUninitializedMemory(false);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
  if (device.is_cuda()) {
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // what cuBLAS asks for
  } else {
    at::set_num_threads(static_cast<int>(threads));
  }
}

at::Device parse_device(const std::string& device) {
  const std::string_view prefix = "cuda:";
  if (device == "cpu") return at::kCPU;
  if (device.starts_with(prefix)) {
    int index = -1;
    const char* end = device.data() + device.size();
    const auto [stop, problem] = std::from_chars(device.data() + prefix.size(), end, index);
    if (problem == std::errc() && stop == end && index >= 0 && index < 128) {
      return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
    }
  }
  throw ConfigError({.what = "unknown device",
                     .where = "training",
                     .expected = "cpu or cuda:I",
                     .found = device});
}

// LibTorch's errors carry a stack of many lines; ours are one line.
template <typename Task>
decltype(auto) in_one_line(const char* where, Task task) {
  try {
    return task();
  } catch (const c10::Error& problem) {
    throw Error({.what = "LibTorch failed",
                 .where = where,
                 .expected = {},
                 .found = problem.what_without_backtrace()});
  }
}

comm::Collectives& collectives_of(comm::Group& ranks) {
  auto* collectives = dynamic_cast<comm::Collectives*>(&ranks);
  if (collectives != nullptr) return *collectives;
  throw CommError({.what = "the group of ranks cannot carry tensors",
                   .where = "training",
                   .expected = "one from comm::open_group of this build",
                   .found = "another implementation"});
}

std::string digest_of(const model::Model& model, const model::NamedTensors& tensors) {
  Sha256 digest;
  digest.update(model.towers_digest());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
    digest.update(cat("\n", name, " ", c10::toString(values.scalar_type())));
    for (const std::int64_t size : values.sizes()) digest.update(cat(" ", size));
    digest.update(
        std::span(static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes()));
  }
  return digest.hex();
}

// Handles stay valid: the data behind them changes.
void set_dtype(const model::NamedTensors& tensors, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.is_floating_point()) tensor.set_data(tensor.detach().to(type));
  }
}

}  // namespace

struct TrainStep::State {
  State(const TrainStepConfig& given, const std::string& device_name, comm::Group& group)
      : sections(given),
        precision(precision_of(given.train.precision)),
        device(parse_device(device_name)),
        ranks(collectives_of(group)),
        layer_timer(device) {
    make_deterministic(given.threads, device);
    if (device.is_cpu()) keep_freed_memory();
    model = model::load_model(given.model);
    initial_digest = digest_of(*model, model->state());
    model->to(device_name);
    if (precision.weights != at::kFloat) set_dtype(model->state(), precision.weights);
    if (given.train.grad_checkpointing) model->set_grad_checkpointing();
    for (const auto& [name, tensor] : model->statistics()) statistic_names.insert(name);
    snapshot = std::make_unique<TrainStepSnapshot>(*model);
    trained = trained_parameters(*model, given.train);
    wants_views = has_ssl_term(*model, given.slip);
    if (wants_views) add_ssl_head(*model, trained);
    AdamWOptions options{.beta1 = given.train.beta1,
                         .beta2 = given.train.beta2,
                         .eps = given.train.eps,
                         .wd = given.train.wd,
                         .decays = trained.decays,
                         .lr_factors = trained.lr_factors};
    if (given.train.shard_optimizer && ranks.size() > 1) {
      std::vector<at::Tensor> parameters;
      for (const auto& [name, tensor] : trained.tensors) parameters.push_back(tensor);
      shards.emplace(ranks, std::move(parameters));
      options.owned = shards->owned();
    }
    optimizer = std::make_unique<AdamW>(trained.tensors, options);
    pass = std::make_unique<ForwardBackward>(
        ForwardBackwardOptions{.loss = given.loss,
                               .slip = given.slip,
                               .accum_freq = given.train.accum_freq,
                               .precision = precision,
                               .device = device},
        *model, trained, ranks);
  }

  // Batch norms note a batch's statistics in the forward pass; a step that is not applied is
  // undone. By name, since locked parameters have no gradient either.
  [[nodiscard]] std::vector<at::Tensor> statistics() const {
    std::vector<at::Tensor> found;
    for (const auto& [name, tensor] : model->statistics()) {
      if (statistic_names.contains(name)) found.push_back(tensor);
    }
    return found;
  }
  [[nodiscard]] std::vector<at::Tensor> copied_statistics() const {
    std::vector<at::Tensor> copies = statistics();
    for (at::Tensor& copy : copies) copy = copy.clone();
    return copies;
  }
  void restore(const std::vector<at::Tensor>& copies) const {
    const std::vector<at::Tensor> now = statistics();
    for (std::size_t i = 0; i < now.size(); ++i) now[i].copy_(copies[i]);
  }

  // With the averaged gradient, which is the same on all ranks. False if it is not finite.
  bool apply(const StepOptions& options) {
    const double norm = optimizer->gradient_norm() / scaler.scale;
    if (!std::isfinite(norm)) return false;
    const double limit = sections.train.grad_clip_norm;
    double factor = 1 / scaler.scale;
    if (limit > 0 && norm > limit) factor *= limit / norm;
    if (factor != 1) optimizer->scale_gradients(factor);
    if (options.before_update) options.before_update();
    optimizer->step(options.lr);
    if (shards) shards->share_weights();
    const at::NoGradGuard no_grad;
    model->logit_scale().clamp_(0, std::log(100.0));
    return true;
  }

  const TrainStepConfig sections;
  const Precision precision;
  const at::Device device;
  comm::Collectives& ranks;
  model::LayerTimer layer_timer;
  std::vector<model::LayerSeconds> layer_seconds;
  std::unique_ptr<model::Model> model;
  std::string initial_digest;
  std::set<std::string> statistic_names;
  TrainedParameters trained;
  bool wants_views = false;
  std::optional<OptimizerShards> shards;  // with train.shard_optimizer and several ranks
  std::unique_ptr<AdamW> optimizer;
  std::unique_ptr<ForwardBackward> pass;
  std::unique_ptr<TrainStepSnapshot> snapshot;
  StepSeconds seconds;
  LossScaler scaler = {.scale = precision.scales_loss ? LossScaler::kStart : 1};
};

TrainStepConfig train_step_config(const config::RunConfig& config) {
  return {.model = config.model,
          .train = config.train,
          .loss = config.loss,
          .slip = config.slip,
          .threads = config.launcher.threads_per_worker};
}

TrainStep::TrainStep(const TrainStepConfig& options, const std::string& device, comm::Group& ranks)
    : state_(in_one_line("making the model",
                         [&] { return std::make_unique<State>(options, device, ranks); })) {}
TrainStep::~TrainStep() = default;

model::InputKinds TrainStep::input_kinds() const { return state_->model->input_kinds(); }
bool TrainStep::wants_views() const { return state_->wants_views; }
const std::string& TrainStep::initial_digest() const { return state_->initial_digest; }
const data::PreprocessConfig& TrainStep::preprocess() const { return state_->model->preprocess(); }
const data::Tokenizer& TrainStep::tokenizer() const { return state_->model->tokenizer(); }

const StepSeconds& TrainStep::last_step() const { return state_->seconds; }
const std::vector<model::LayerSeconds>& TrainStep::layer_seconds() const {
  return state_->layer_seconds;
}
const LossScaler& TrainStep::scaler() const { return state_->scaler; }
void TrainStep::set_scaler(const LossScaler& scaler) { state_->scaler = scaler; }

std::uint64_t TrainStep::peak_device_bytes() const {
  if (state_->device.is_cpu()) return 0;
  const auto stats =
      c10::getDeviceAllocator(state_->device.type())->getDeviceStats(state_->device.index());
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return static_cast<std::uint64_t>(stats.allocated_bytes[kAll].peak);
}

StepResult TrainStep::step(const LocalBatch& batch, const InputBatch& inputs,
                           const StepOptions& options) {
  return in_one_line("a training step", [&] {
    const std::vector<at::Tensor> before = state_->copied_statistics();
    state_->optimizer->clear_gradients();
    state_->model->set_layer_timer(options.time_layers ? &state_->layer_timer : nullptr);
    const BatchLosses losses =
        state_->pass->run(batch, inputs, options.seed, options.epoch, state_->scaler.scale,
                          options.stop_wanted, options.statistics);
    StepResult result{.loss = losses.loss,
                      .contrastive_loss = losses.contrastive,
                      .margin_loss = losses.margin,
                      .ssl = losses.ssl,
                      .stop_wanted = losses.flagged,
                      .margin_shares = losses.margin_shares};
    const bool finite = std::isfinite(losses.loss);
    state_->seconds = state_->pass->seconds();
    state_->layer_seconds = state_->layer_timer.take();
    Stopwatch watch;
    result.applied = finite && state_->apply(options);
    state_->seconds.optimizer = watch.lap();
    if (!result.applied) state_->restore(before);
    if (finite && state_->precision.scales_loss) {
      // A gradient beyond float16 is no fault while the scale can still fall.
      result.rescaled = !result.applied && state_->scaler.scale > 1;
      state_->scaler.note(result.applied);
    }
    result.logit_scale = std::exp(state_->model->logit_scale().item<double>());
    return result;
  });
}

void TrainStep::check_equal_weights(std::uint64_t step) const {
  in_one_line("comparing the ranks' weights", [&] {
    train::check_equal_weights(state_->ranks, state_->model->parameters(), step);
  });
}

Snapshot& TrainStep::snapshot() {
  return in_one_line("preparing a checkpoint", [&]() -> Snapshot& {
    TrainStepSnapshot& snapshot = *state_->snapshot;
    if (state_->ranks.rank() == 0) snapshot.bind(*state_->optimizer);
    if (state_->shards) {
      state_->shards->gather_moments(*state_->optimizer,
                                     [&](std::size_t i) { return snapshot.moment_place(i); });
    }
    return snapshot;
  });
}

void TrainStep::load_checkpoint(const std::filesystem::path& folder) {
  model::load_weights(*state_->model, folder / kModelFile);
  state_->optimizer->load(folder / kOptimizerFile);
}

void TrainStep::publish_model(const std::filesystem::path& folder) const {
  const double share = state_->sections.train.wise_ft;
  if (share == 1) return state_->model->save(folder);
  const at::NoGradGuard no_grad;
  const auto mixed = model::load_model(state_->sections.model);  // the initial weights
  const model::NamedTensors tuned = state_->model->state();
  const model::NamedTensors initial = mixed->state();
  for (std::size_t i = 0; i < tuned.size(); ++i) {
    const at::Tensor& from = initial[i].second;
    const at::Tensor to = tuned[i].second.detach().to(from.options());
    from.copy_(from.is_floating_point() ? from.detach().lerp(to, share) : to);
  }
  mixed->save(folder);
}

}  // namespace helip::train
