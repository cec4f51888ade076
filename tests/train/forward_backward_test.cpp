// Run under mpirun with 1, 2 and 4 ranks: a whole model's gradient by several ranks, in parts and
// with recomputed activations is the gradient of one rank with the whole batch.
#include "train/step/forward_backward.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "common/error.h"
#include "common/publish.h"
#include "common/rng.h"
#include "loss/simclr_loss.h"
#include "model/layers/parameters.h"
#include "mpi/open_ranks.h"
#include "support/temporary_folder.h"

namespace helip::train {
namespace {

constexpr std::uint64_t kPairs = 30;
constexpr std::int64_t kTokens = 16;

config::RunConfig small_config() {
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
LocalBatch batch_of(const comm::Collectives& ranks, std::optional<config::SslImages> views) {
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
InputBatch inputs_of(const LocalBatch& batch, std::int64_t side) {
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

// Two blocks in each tower, and the self-supervised head.
std::string slip_architecture(const test::TemporaryFolder& folder) {
  const std::string file = (folder.path() / "slip.json").string();
  publish_file(file, R"({"format": "helip_model/1", "kind": "slip", "embed_dim": 16,
    "image_tower": {"image_size": 32, "patch_size": 16, "width": 24, "layers": 2, "heads": 3},
    "text_tower": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
    "ssl_head": {"hidden": 12, "embed_dim": 8}})");
  return file;
}

struct Outcome {
  BatchLosses losses;
  model::NamedTensors statistics = {};  // of the self-supervised head
  std::vector<std::string> names;
  std::vector<at::Tensor> gradients;
};

ForwardBackwardOptions options_of(const config::RunConfig& config) {
  return {.loss = config.loss,
          .slip = config.slip,
          .accum_freq = config.train.accum_freq,
          .precision = precision_of(config.train.precision),
          .device = at::kCPU};
}

Outcome learn(comm::Collectives& ranks, const config::RunConfig& config, double loss_scale = 1) {
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
bool is_before_batch_norm(const std::string& name) {
  return name == "image_mlp.layer1.bias" || name == "image_mlp.layer2.bias";
}

void check_equal(const Outcome& found, const Outcome& expected, double bound) {
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

struct Ranks {
  std::unique_ptr<comm::Group> together = test::open_ranks();
  std::unique_ptr<comm::Group> alone = comm::open_group("local", "cpu", 60);

  comm::Collectives& all() const { return dynamic_cast<comm::Collectives&>(*together); }
  comm::Collectives& one() const { return dynamic_cast<comm::Collectives&>(*alone); }
};

TEST_CASE("ranks give one rank's gradient of the whole model, with and without hard pairs' loss") {
  const Ranks ranks;
  for (const double weight : {0.0, 25.0}) {
    config::RunConfig config = small_config();
    config.loss.margin_weight = weight;
    const Outcome whole = learn(ranks.one(), config);
    CHECK((whole.losses.margin > 0) == (weight > 0));
    check_equal(learn(ranks.all(), config), whole, 1e-10);
  }
}

TEST_CASE("a batch in parts has the gradient of the whole batch") {
  const Ranks ranks;
  config::RunConfig config = small_config();
  const Outcome whole = learn(ranks.one(), config);
  for (const std::uint32_t parts : {2U, 3U, 1000U}) {  // with 1000 a part is a row
    config.train.accum_freq = parts;
    check_equal(learn(ranks.all(), config), whole, 1e-10);
  }
}

TEST_CASE("ranks give one rank's gradient of SLIP's term, of towers and head, in parts too") {
  const Ranks ranks;
  const test::TemporaryFolder folder;
  config::RunConfig config = small_config();
  config.model.architecture = slip_architecture(folder);
  // With 1000 a part is a row of the batch, and some parts have no view.
  for (const auto& [on, some] :
       {std::pair{config::SslImages::kSeeds, 1000U}, {config::SslImages::kAll, 2U}}) {
    config.slip.ssl_on = on;
    config.train.accum_freq = 1;
    const Outcome whole = learn(ranks.one(), config);
    REQUIRE(whole.losses.ssl.has_value());
    CHECK(whole.losses.ssl->loss > 0.5);
    CHECK(whole.statistics.size() == 6);
    CHECK(std::count_if(whole.names.begin(), whole.names.end(), [](const std::string& name) {
            return name.starts_with("image_mlp.");
          }) == 10);
    for (const std::uint32_t parts : {1U, some}) {
      INFO(on << ", " << parts << " parts");
      config.train.accum_freq = parts;
      check_equal(learn(ranks.all(), config), whole, 1e-10);
    }
    config.train.accum_freq = 1;
    config.train.grad_checkpointing = true;
    check_equal(learn(ranks.all(), config), whole, 1e-10);
    config.train.grad_checkpointing = false;
  }
}

// The whole batch by one rank, written out without the pass, its gathers and its padding.
TEST_CASE("the gradient with SLIP's term is that of the sum of its losses") {
  const Ranks ranks;
  const test::TemporaryFolder folder;
  config::RunConfig config = small_config();
  config.model.architecture = slip_architecture(folder);
  config.slip = {.ssl_weight = 0.7, .ssl_temperature = 0.3, .ssl_on = config::SslImages::kAll};
  const Outcome found = learn(ranks.all(), config);

  const auto model = model::load_model(config.model);
  model->to(test::device_name());
  for (const auto& [name, tensor] : model->state()) {
    if (tensor.is_floating_point()) tensor.set_data(tensor.detach().to(at::kDouble));
  }
  const LocalBatch batch = batch_of(ranks.one(), config::SslImages::kAll);
  const InputBatch inputs = inputs_of(batch, model->preprocess().size);
  const auto pixels = [&](const std::vector<float>& values) {
    return at::tensor(values).view({batch.rows, 3, 32, 32}).to(test::device(), at::kDouble);
  };
  model::DrawKeys keys{.sample = std::vector<std::uint64_t>(21), .slot = batch.slots};
  const at::Tensor image_MD = model->embed_images(pixels(inputs.image), &keys);
  const at::Tensor text_MD = model->embed_texts(
      at::tensor(inputs.tokens).view({batch.rows, kTokens}).to(test::device()), &keys);
  const LossShares pairs =
      loss_shares(config.loss, ranks.one(), {image_MD, text_MD}, model->logit_scale().exp(), batch);
  model::SelfSupervision& ssl = *model->self_supervision();
  std::vector<at::Tensor> embedded;
  for (const std::vector<float>& view : inputs.views) {
    embedded.push_back(ssl.embed_ssl(ssl.image_features(pixels(view), &keys), true));
  }
  at::Tensor copies = at::zeros({21, 21}, at::kBool);
  std::vector<std::uint64_t> groups;  // of images
  for (const SampleId id : batch.ids) groups.push_back(to_index(id) == 6 ? 3 : to_index(id));
  for (std::int64_t i = 0; i < 21; ++i) {
    for (std::int64_t j = 0; j < 21; ++j) {
      if (groups[static_cast<std::size_t>(i)] == groups[static_cast<std::size_t>(j)]) {
        copies[i][j] = true;
      }
    }
  }
  CHECK(copies.sum().item<std::int64_t>() > 21);
  const loss::SimclrShares views =
      loss::simclr_loss(embedded[0], embedded[1], 0, copies.to(test::device()), 0.3);
  const at::Tensor loss = pairs.contrastive + 25 * pairs.margin + 0.7 * views.loss;
  loss.backward();
  Outcome expected{.losses = {.loss = loss.item<double>(),
                              .contrastive = pairs.contrastive.item<double>(),
                              .margin = pairs.margin.item<double>(),
                              .ssl = SslFigures{.loss = views.loss.item<double>(),
                                                .accuracy = 100 * views.accuracy.item<double>()}},
                   .statistics = model->statistics(),
                   .names = found.names,
                   .gradients = {}};
  for (const std::string& name : found.names) {
    expected.gradients.push_back(model::find_parameter(model->state(), name).grad());
  }
  check_equal(found, expected, 1e-10);
}

TEST_CASE("SLIP's term is left out with weight 0, and refused for models without its head") {
  const Ranks ranks;
  const test::TemporaryFolder folder;
  config::RunConfig config = small_config();
  config.slip.ssl_on = config::SslImages::kAll;
  const auto clip = model::load_model(config.model);
  CHECK_THROWS_WITH(has_ssl_term(*clip, config.slip),
                    Catch::Contains("slip") && Catch::Contains("no self-supervised head"));
  CHECK_FALSE(has_ssl_term(*clip, {}));
  config.model.architecture = slip_architecture(folder);
  config.slip.ssl_weight = 0;
  const Outcome off = learn(ranks.all(), config);
  CHECK_FALSE(off.losses.ssl.has_value());
  for (const std::string& name : off.names) CHECK_FALSE(name.starts_with("image_mlp."));
}

TEST_CASE("the self-supervised head's statistics are the same bits on every rank") {
  const Ranks ranks;
  const test::TemporaryFolder folder;
  config::RunConfig config = small_config();
  config.model.architecture = slip_architecture(folder);
  config.train.precision = config::PrecisionMode::kFp32;
  const Outcome found = learn(ranks.all(), config);
  REQUIRE(found.statistics.size() == 6);
  for (const auto& [name, values] : found.statistics) {
    INFO(name);
    at::Tensor first = values.clone();
    ranks.all().broadcast(first, 0);
    CHECK(at::equal(first, values));
    CHECK(values.abs().sum().item<double>() > 0);
  }
}

TEST_CASE("a locked image tower's head still learns from the views") {
  const Ranks ranks;
  const test::TemporaryFolder folder;
  config::RunConfig config = small_config();
  config.model.architecture = slip_architecture(folder);
  config.train.lock_image = true;
  const Outcome whole = learn(ranks.one(), config);
  CHECK(std::none_of(whole.names.begin(), whole.names.end(),
                     [](const std::string& name) { return name.starts_with("visual."); }));
  check_equal(learn(ranks.all(), config), whole, 1e-10);
  config.train.accum_freq = 3;
  check_equal(learn(ranks.all(), config), whole, 1e-10);
}

TEST_CASE("SLIP's term in bfloat16 stays near the one in float64, its loss in float32") {
  const Ranks ranks;
  const test::TemporaryFolder folder;
  config::RunConfig config = small_config();
  config.model.architecture = slip_architecture(folder);
  const Outcome wide = learn(ranks.one(), config);
  config.train.precision = config::PrecisionMode::kAmpBf16;
  const Outcome narrow = learn(ranks.all(), config);
  CHECK(narrow.losses.ssl->loss == Approx(wide.losses.ssl->loss).epsilon(0.05));
  for (const at::Tensor& gradient : narrow.gradients) CHECK(gradient.scalar_type() == at::kFloat);
}

TEST_CASE("recomputed activations change no gradient") {
  const Ranks ranks;
  config::RunConfig config = small_config();
  const Outcome whole = learn(ranks.one(), config);
  config.train.grad_checkpointing = true;
  check_equal(learn(ranks.all(), config), whole, 1e-10);
  config.train.accum_freq = 2;
  check_equal(learn(ranks.all(), config), whole, 1e-10);
}

TEST_CASE("recomputed activations are computed in the precision of the first time") {
  const Ranks ranks;
  config::RunConfig config = small_config();
  config.train.precision = config::PrecisionMode::kAmpBf16;
  const Outcome kept = learn(ranks.all(), config);
  config.train.grad_checkpointing = true;
  const Outcome recomputed = learn(ranks.all(), config);
  CHECK(recomputed.losses.loss == kept.losses.loss);
  for (std::size_t i = 0; i < kept.gradients.size(); ++i) {
    INFO(kept.names[i]);
    CHECK(at::equal(recomputed.gradients[i], kept.gradients[i]));
  }
}

TEST_CASE("bfloat16 products stay near the gradient in float64") {
  const Ranks ranks;
  config::RunConfig config = small_config();
  const Outcome wide = learn(ranks.one(), config);
  config.train.precision = config::PrecisionMode::kAmpBf16;
  const Outcome narrow = learn(ranks.all(), config);
  CHECK(narrow.losses.contrastive == Approx(wide.losses.contrastive).epsilon(0.02));
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < wide.gradients.size(); ++i) {
    CHECK(narrow.gradients[i].scalar_type() == at::kFloat);
    difference += (narrow.gradients[i] - wide.gradients[i]).square().sum().item<double>();
    norm += wide.gradients[i].square().sum().item<double>();
  }
  CHECK(difference < 0.05 * 0.05 * norm);
  CHECK(difference > 0);
}

TEST_CASE("locked towers get no gradient and change nobody else's") {
  const Ranks ranks;
  config::RunConfig config = small_config();
  const Outcome free = learn(ranks.one(), config);
  config.train.lock_image = true;
  for (const std::uint32_t unlocked : {0U, 1U, 2U}) {
    config.train.lock_image_unlocked_groups = unlocked;
    for (const std::uint32_t parts : {1U, 2U}) {
      config.train.accum_freq = parts;
      const Outcome locked = learn(ranks.all(), config);
      Outcome expected{.losses = free.losses, .names = {}, .gradients = {}};
      for (std::size_t i = 0; i < free.names.size(); ++i) {
        const std::string& name = free.names[i];
        const bool trains = !name.starts_with("visual.") ||
                            (unlocked > 0 && name == "visual.proj") ||
                            (unlocked > 1 && (name.starts_with("visual.transformer.resblocks.1.") ||
                                              name.starts_with("visual.ln_post.")));
        if (!trains) continue;
        expected.names.push_back(name);
        expected.gradients.push_back(free.gradients[i]);
      }
      check_equal(locked, expected, 1e-10);
    }
  }
}

TEST_CASE("layer groups behind a locked part are recomputed too") {
  const Ranks ranks;
  config::RunConfig config = small_config();
  config.train.lock_image = true;
  config.train.lock_image_unlocked_groups = 2;
  const Outcome kept = learn(ranks.one(), config);
  config.train.grad_checkpointing = true;
  check_equal(learn(ranks.all(), config), kept, 1e-10);
}

TEST_CASE("the loss scale is a factor on the gradient alone") {
  const Ranks ranks;
  const Outcome plain = learn(ranks.all(), small_config());
  Outcome scaled = learn(ranks.all(), small_config(), 1024);
  for (at::Tensor& gradient : scaled.gradients) gradient = gradient / 1024;
  check_equal(scaled, plain, 1e-14);
}

TEST_CASE("parts are refused where a tower has batch norms, unless it is locked") {
  const Ranks ranks;
  config::RunConfig config = small_config();
  config.model.architecture = HELIP_SOURCE_DIR "/tests/golden/trained_towers";
  config.model.trust_torchscript = true;
  config.train.precision = config::PrecisionMode::kFp32;
  config.train.accum_freq = 2;
  const auto model = model::load_model(config.model);
  const TrainedParameters trained = trained_parameters(*model, config.train);
  CHECK_THROWS_WITH(ForwardBackward(options_of(config), *model, trained, ranks.one()),
                    Catch::Contains("train.accum_freq") && Catch::Contains("running_mean"));
}

TEST_CASE("parts are taken where the tower with batch norms is locked") {
  const Ranks ranks;
  config::RunConfig config = small_config();
  config.model.architecture = HELIP_SOURCE_DIR "/tests/golden/trained_towers";
  config.model.trust_torchscript = true;
  config.train.precision = config::PrecisionMode::kFp32;
  config.train.accum_freq = 2;
  const auto model = model::load_model(config.model);
  const model::TowerBatchNorms norms = model->batch_norms();
  config.train.lock_image = !norms.image.empty();
  config.train.lock_text = !norms.text.empty();
  REQUIRE(config.train.lock_image != config.train.lock_text);
  const TrainedParameters trained = trained_parameters(*model, config.train);
  CHECK_NOTHROW(ForwardBackward(options_of(config), *model, trained, ranks.one()));
}

TEST_CASE("what cannot be locked or checkpointed is refused by its key") {
  config::RunConfig config = small_config();
  config.train.lock_image = config.train.lock_text = true;
  const auto model = model::load_model(config.model);
  CHECK_THROWS_WITH(trained_parameters(*model, config.train),
                    Catch::Contains("both towers locked"));
  config.model.architecture = HELIP_SOURCE_DIR "/tests/golden/trained_towers";
  config.model.trust_torchscript = true;
  config.train.lock_text = false;
  config.train.lock_image_unlocked_groups = 1;
  const auto towers = model::load_model(config.model);
  CHECK_THROWS_WITH(trained_parameters(*towers, config.train),
                    Catch::Contains("train.lock_image_unlocked_groups"));
  CHECK_THROWS_WITH(towers->set_grad_checkpointing(), Catch::Contains("train.grad_checkpointing"));
  config.model.architecture = HELIP_SOURCE_DIR "/tests/golden/locked_towers";
  config.train.lock_image_unlocked_groups = 0;
  const auto heads = model::load_model(config.model);
  CHECK_THROWS_WITH(trained_parameters(*heads, config.train), Catch::Contains("train.lock_image"));
}

TEST_CASE("layer decay slows the groups before the last") {
  config::RunConfig config = small_config();
  config.train.layer_decay = 0.5;
  const auto model = model::load_model(config.model);
  const TrainedParameters trained = trained_parameters(*model, config.train);
  const auto factor = [&](const std::string& wanted) {
    for (std::size_t i = 0; i < trained.tensors.size(); ++i) {
      if (trained.tensors[i].first == wanted) return trained.lr_factors[i];
    }
    FAIL(wanted);
    return 0.0;
  };
  CHECK(factor("logit_scale") == 1);
  CHECK(factor("visual.proj") == 1);
  CHECK(factor("text_projection") == 1);
  CHECK(factor("visual.ln_post.weight") == 0.5);
  CHECK(factor("visual.transformer.resblocks.1.attn.in_proj_weight") == 0.5);
  CHECK(factor("transformer.resblocks.0.mlp.c_fc.bias") == 0.25);
  CHECK(factor("visual.conv1.weight") == 0.125);
  CHECK(factor("token_embedding.weight") == 0.125);
}

}  // namespace
}  // namespace helip::train
