// A small model's losses and gradients over one batch, by the ranks of the launch or by one alone.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "common/rng.h"
#include "model/layers/parameters.h"
#include "mpi/open_ranks.h"
#include "train/step/forward_backward.h"

namespace helip::train {

constexpr std::uint64_t kPairs = 30;
constexpr std::int64_t kTokens = 16;

inline config::RunConfig small_config() {
  config::RunConfig config;
  config.model.architecture = HELIP_SOURCE_DIR "/configs/models/helip-test-tiny.json";
  config.model.init_seed = 5;
  config.train.precision = config::PrecisionMode::kFp64;
  config.train.steps = 1;
  return config;
}

// Seven seeds with two hard pairs each: 21 rows, which 2 and 4 ranks cannot share evenly. Pair 6
// shares its image with 3, pair 11 its caption with 8. The views are those of `views`, unless
// empty.
inline LocalBatch batch_of(const comm::Collectives& ranks, std::optional<config::SslImages> views) {
  train::BatchPlan plan;
  plan.hard_pairs_per_seed = 2;
  for (std::uint64_t seed = 0; seed < 7; ++seed) {
    plan.seed_rows.push_back(static_cast<std::int32_t>(plan.ids.size()));
    plan.ids.push_back(SampleId{seed * 3 % kPairs});
    for (std::uint64_t p = 0; p < 2; ++p) {
      plan.hard_rows.push_back(static_cast<std::int32_t>(plan.ids.size()));
      plan.ids.push_back(SampleId{(seed * 5 + p * 7 + 1) % kPairs});
    }
  }
  plan.viewed_rows = plan.seed_rows;
  std::vector<std::uint32_t> image_groups(kPairs), caption_groups(kPairs);
  std::iota(image_groups.begin(), image_groups.end(), 0U);
  std::iota(caption_groups.begin(), caption_groups.end(), 0U);
  image_groups[6] = image_groups[3];
  caption_groups[11] = caption_groups[8];
  LocalBatch batch =
      cut_batch(plan, ranks.rank(), ranks.size(), image_groups, caption_groups, true);
  if (views) {
    batch.views = cut_views(plan, ranks.rank(), ranks.size(), image_groups, true,
                            views == config::SslImages::kAll);
  }
  return batch;
}

// Each pair's pixels and caption are a function of its id.
inline InputBatch inputs_of(const LocalBatch& batch, std::int64_t side) {
  InputBatch inputs;
  inputs.image_shape = {batch.rows, 3, side, side};
  inputs.text_shape = {batch.rows, kTokens};
  for (const SampleId id : batch.ids) {
    RandomStream stream(3, "pixels", {to_index(id)});
    for (std::int64_t i = 0; i < 3 * side * side; ++i) {
      inputs.image.push_back(static_cast<float>(stream.normal()));
    }
    const auto length = static_cast<std::int64_t>(3 + to_index(id) % 9);
    for (std::int64_t i = 0; i < kTokens; ++i) {
      const auto word = static_cast<std::int64_t>(1000 + 17 * to_index(id) + 3 * i);
      inputs.tokens.push_back(i + 1 < length ? word : i + 1 == length ? 49407 : 0);
    }
  }
  if (batch.views.rows.empty()) return inputs;
  inputs.view_shape = {static_cast<std::int64_t>(batch.views.rows.size()), 3, side, side};
  for (std::uint64_t view = 0; view < 2; ++view) {
    for (const std::int64_t row : batch.views.rows) {
      const auto at = static_cast<std::size_t>(row);
      RandomStream stream(4, "view", {to_index(batch.ids[at]), batch.slots[at], view});
      for (std::int64_t i = 0; i < 3 * side * side; ++i) {
        inputs.views.at(view).push_back(static_cast<float>(stream.normal()));
      }
    }
  }
  return inputs;
}

struct Outcome {
  BatchLosses losses;
  model::NamedTensors statistics = {};  // of the self-supervised head
  std::vector<std::string> names;
  std::vector<at::Tensor> gradients;
};

inline ForwardBackwardOptions options_of(const config::RunConfig& config) {
  return {.loss = config.loss,
          .slip = config.slip,
          .accum_freq = config.train.accum_freq,
          .precision = precision_of(config.train.precision),
          .device = at::kCPU};
}

inline Outcome learn(comm::Collectives& ranks, const config::RunConfig& config,
                     double loss_scale = 1) {
  const auto model = model::load_model(config.model);
  model->to(test::device_name());
  const Precision precision = precision_of(config.train.precision);
  for (const auto& [name, tensor] : model->state()) {
    if (tensor.is_floating_point()) tensor.set_data(tensor.detach().to(precision.weights));
  }
  if (config.train.grad_checkpointing) model->set_grad_checkpointing();
  TrainedParameters trained = trained_parameters(*model, config.train);
  const bool views = has_ssl_term(*model, config.slip);
  if (views) add_ssl_head(*model, trained);
  ForwardBackward pass(options_of(config), *model, trained, ranks);
  const LocalBatch batch =
      batch_of(ranks, views ? std::optional(config.slip.ssl_on) : std::nullopt);
  Outcome outcome;
  outcome.losses =
      pass.run(batch, inputs_of(batch, model->preprocess().size), 1, 0, loss_scale, false, false);
  for (const auto& [name, tensor] : trained.tensors) {
    outcome.names.push_back(name);
    REQUIRE(tensor.grad().defined());
    outcome.gradients.push_back(tensor.grad());
  }
  for (const auto& [name, tensor] : model->statistics()) {
    if (views) outcome.statistics.emplace_back(name, tensor);
  }
  return outcome;
}

// A batch norm takes away what such a bias adds: its gradient is 0, and what is found is rounding.
inline bool is_before_batch_norm(const std::string& name) {
  return name == "image_mlp.layer1.bias" || name == "image_mlp.layer2.bias";
}

inline void check_equal(const Outcome& found, const Outcome& expected, double bound) {
  CHECK(found.losses.contrastive == Approx(expected.losses.contrastive).epsilon(bound));
  CHECK(found.losses.margin == Approx(expected.losses.margin).epsilon(bound));
  REQUIRE(found.losses.ssl.has_value() == expected.losses.ssl.has_value());
  if (expected.losses.ssl) {
    CHECK(found.losses.ssl->loss == Approx(expected.losses.ssl->loss).epsilon(bound));
    CHECK(found.losses.ssl->accuracy == Approx(expected.losses.ssl->accuracy).epsilon(bound));
  }
  CHECK(found.losses.loss == Approx(expected.losses.loss).epsilon(bound));
  REQUIRE(found.names == expected.names);
  for (const auto& [name, values] : expected.statistics) {
    INFO(name);
    const at::Tensor other = model::find_parameter(found.statistics, name);
    CHECK((other - values).abs().max().item<double>() <= bound);
  }
  for (std::size_t i = 0; i < expected.gradients.size(); ++i) {
    INFO(expected.names[i]);
    const at::Tensor& whole = expected.gradients[i];
    const double norm = whole.norm().item<double>();
    if (is_before_batch_norm(expected.names[i])) {
      CHECK(norm < 1e-12);
      CHECK(found.gradients[i].norm().item<double>() < 1e-12);
      continue;
    }
    REQUIRE(norm > 0);
    CHECK((found.gradients[i] - whole).norm().item<double>() / norm <= bound);
  }
}

// A small CLIP model, all ranks, and one rank alone with the whole batch.
struct SmallModelTest {
  std::unique_ptr<comm::Group> together = test::open_ranks();
  std::unique_ptr<comm::Group> alone = comm::open_group("local", "cpu", 60);
  config::RunConfig config = small_config();

  [[nodiscard]] comm::Collectives& all() const {
    return dynamic_cast<comm::Collectives&>(*together);
  }
  [[nodiscard]] comm::Collectives& one() const { return dynamic_cast<comm::Collectives&>(*alone); }
  [[nodiscard]] Outcome learn_by_all() const { return learn(all(), config); }
  [[nodiscard]] Outcome learn_by_one() const { return learn(one(), config); }
};

}  // namespace helip::train
