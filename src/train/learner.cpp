#include "train/learner.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "comm/collectives.h"
#include "comm/gradient_sync.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "loss/margin_statistics.h"
#include "model/model.h"
#include "train/batch_loss.h"
#include "train/checkpoint.h"
#include "train/fingerprint.h"
#include "train/learner_snapshot.h"
#include "train/optimizer.h"

namespace helip::train {
namespace {

void make_deterministic(const config::RunConfig& config, const at::Device& device) {
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  // Deterministic mode would else fill every new tensor before it is written.
  context.setDeterministicFillUninitializedMemory(false);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
  if (device.is_cuda()) {
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // what cuBLAS asks for
  } else {
    at::set_num_threads(static_cast<int>(config.launcher.threads_per_worker));
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
auto in_one_line(const char* where, Task task) {
  try {
    return task();
  } catch (const c10::Error& problem) {
    throw Error({.what = "LibTorch failed",
                 .where = where,
                 .expected = {},
                 .found = problem.what_without_backtrace()});
  }
}

bool wants_bf16(const config::TrainConfig& config, const at::Device& device) {
  if (config.precision == "fp32") return false;
  if (config.precision == "amp_bf16" && device.is_cuda()) return true;
  throw ConfigError({.what = "this precision is not available on this device",
                     .where = "train.precision",
                     .expected = device.is_cuda() ? "fp32 or amp_bf16" : "fp32",
                     .found = cat(config.precision, " on ", device.str())});
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

std::vector<at::Tensor> tensors_of(const model::NamedTensors& parameters) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, parameter] : parameters) tensors.push_back(parameter);
  return tensors;
}

template <typename T>
at::Tensor input(const std::vector<T>& values, const std::vector<std::int64_t>& shape,
                 const at::Device& device) {
  const auto options = at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value);
  // Borrowed: the buffers outlive the step.
  return at::from_blob(const_cast<T*>(values.data()), shape, options).to(device);
}

// Matrix products in bfloat16 for a scope; weights stay float32.
class Autocast {
 public:
  explicit Autocast(bool on) : on_(on) {
    if (!on_) return;
    at::autocast::set_autocast_enabled(at::kCUDA, true);
    at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
  }
  ~Autocast() {
    if (!on_) return;
    at::autocast::set_autocast_enabled(at::kCUDA, false);
    at::autocast::clear_cache();
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  const bool on_;
};

MarginShares margin_shares(const double* sums) {
  const auto share = [](double part, double whole) { return whole > 0 ? part / whole : 0; };
  return {.violated = share(sums[loss::kViolated], sums[loss::kCounted]),
          .hard_pair_rank = share(sums[loss::kHardPairRank], sums[loss::kHardPairs]),
          .false_negative = share(sums[loss::kFalseNegative], sums[loss::kCounted])};
}

}  // namespace

struct Learner::State {
  State(const config::RunConfig& run, const std::string& device_name, comm::Group& group)
      : config(run),
        device(parse_device(device_name)),
        bf16(wants_bf16(run.train, device)),
        ranks(collectives_of(group)) {
    make_deterministic(run, device);
    model = model::load_model(run.model);
    initial_digest = digest_of(*model, model->state());
    model->to(device_name);
    const model::NamedTensors parameters = model->parameters();
    optimizer = std::make_unique<AdamW>(parameters, AdamWOptions{.beta1 = run.train.beta1,
                                                                 .beta2 = run.train.beta2,
                                                                 .eps = run.train.eps,
                                                                 .wd = run.train.wd});
    sync = std::make_unique<comm::GradientSync>(ranks, tensors_of(parameters));
    snapshot = std::make_unique<LearnerSnapshot>(*model);
  }

  LossShares forward(const RankBatch& batch, const InputBatch& inputs, const StepOptions& options) {
    model::DrawKeys keys{
        .seed = options.seed, .epoch = options.epoch, .sample = {}, .slot = batch.slots};
    for (const SampleId id : batch.ids) keys.sample.push_back(to_index(id));
    const at::Tensor image = input(inputs.image, inputs.image_shape, device);
    const at::Tensor text = inputs.tokens.empty()
                                ? input(inputs.text_features, inputs.text_shape, device)
                                : input(inputs.tokens, inputs.text_shape, device);
    at::Tensor image_BD;
    at::Tensor text_BD;
    {
      const Autocast autocast(bf16);
      image_BD = model->embed_images(image, &keys).to(at::kFloat);
      text_BD = model->embed_texts(text, &keys).to(at::kFloat);
    }
    return loss_shares(config.loss, ranks, image_BD, text_BD, model->logit_scale().exp(), batch,
                       options.statistics);
  }

  // Batch norms note a batch's statistics in the forward pass; a step that is not applied is
  // undone.
  [[nodiscard]] std::vector<at::Tensor> statistics() const {
    std::vector<at::Tensor> copies = tensors_of(model->statistics());
    for (at::Tensor& copy : copies) copy = copy.clone();
    return copies;
  }
  void restore(const std::vector<at::Tensor>& copies) {
    const std::vector<at::Tensor> now = tensors_of(model->statistics());
    for (std::size_t i = 0; i < now.size(); ++i) now[i].copy_(copies[i]);
  }

  // Global losses, statistics and the wish to stop, in one collective. Added in double, in rank
  // order.
  StepResult agree(const LossShares& shares, bool stop_wanted) {
    const double margin = shares.margin.defined() ? shares.margin.item<double>() : 0;
    at::Tensor totals =
        at::tensor({shares.contrastive.item<double>(), margin, stop_wanted ? 1.0 : 0.0},
                   at::TensorOptions().dtype(at::kDouble))
            .to(device);
    const std::int64_t losses = totals.size(0);
    if (shares.statistics.defined()) totals = at::cat({totals, shares.statistics});
    ranks.all_reduce_sum(totals);
    totals = totals.to(at::kCPU);
    const double* values = totals.const_data_ptr<double>();
    StepResult result;
    result.contrastive_loss = values[0];
    result.margin_loss = values[1];
    result.loss = values[0] + config.loss.margin_weight * values[1];
    result.stop_wanted = values[2] > 0;
    if (shares.statistics.defined()) result.margin_shares = margin_shares(values + losses);
    return result;
  }

  // False if the averaged gradient, which is the same on all ranks, is not finite.
  bool apply(const at::Tensor& loss, const StepOptions& options) {
    optimizer->clear_gradients();
    sync->prepare(loss);
    loss.backward();
    sync->finish();
    const double norm = optimizer->gradient_norm();
    if (!std::isfinite(norm)) return false;
    const double limit = config.train.grad_clip_norm;
    if (limit > 0 && norm > limit) optimizer->scale_gradients(limit / norm);
    if (options.before_update) options.before_update();
    optimizer->step(options.lr);
    const at::NoGradGuard no_grad;
    model->logit_scale().clamp_(0, std::log(100.0));
    return true;
  }

  const config::RunConfig config;
  const at::Device device;
  const bool bf16;
  comm::Collectives& ranks;
  std::unique_ptr<model::Model> model;
  std::string initial_digest;
  std::unique_ptr<AdamW> optimizer;
  std::unique_ptr<comm::GradientSync> sync;
  std::unique_ptr<LearnerSnapshot> snapshot;
};

Learner::Learner(const config::RunConfig& config, const std::string& device, comm::Group& ranks)
    : state_(in_one_line("making the model",
                         [&] { return std::make_unique<State>(config, device, ranks); })) {}
Learner::~Learner() = default;

bool Learner::takes_features() const { return state_->model->towers() != nullptr; }
const std::string& Learner::initial_digest() const { return state_->initial_digest; }
const data::PreprocessConfig& Learner::preprocess() const { return state_->model->preprocess(); }
const data::Tokenizer& Learner::tokenizer() const { return state_->model->tokenizer(); }

std::uint64_t Learner::peak_device_bytes() const {
  if (state_->device.is_cpu()) return 0;
  const auto stats =
      c10::getDeviceAllocator(state_->device.type())->getDeviceStats(state_->device.index());
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return static_cast<std::uint64_t>(stats.allocated_bytes[kAll].peak);
}

StepResult Learner::step(const RankBatch& batch, const InputBatch& inputs,
                         const StepOptions& options) {
  return in_one_line("a training step", [&] {
    const std::vector<at::Tensor> before = state_->statistics();
    const LossShares shares = state_->forward(batch, inputs, options);
    StepResult result = state_->agree(shares, options.stop_wanted);
    if (std::isfinite(result.loss)) {
      const at::Tensor loss = backward_loss(state_->config.loss, shares, state_->ranks.size());
      result.applied = state_->apply(loss, options);
    }
    if (!result.applied) state_->restore(before);
    result.logit_scale = std::exp(state_->model->logit_scale().item<double>());
    return result;
  });
}

void Learner::check_equal_weights(std::uint64_t step) const {
  in_one_line("comparing the ranks' weights", [&] {
    train::check_equal_weights(state_->ranks, state_->model->parameters(), step);
  });
}

Snapshot& Learner::snapshot() {
  state_->snapshot->bind(*state_->optimizer);
  return *state_->snapshot;
}

void Learner::load_checkpoint(const std::filesystem::path& folder) {
  model::load_weights(*state_->model, folder / kModelFile);
  state_->optimizer->load(folder / kOptimizerFile);
}

void Learner::publish_model(const std::filesystem::path& folder) const {
  state_->model->save(folder);
}

}  // namespace helip::train
