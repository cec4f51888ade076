// Run under mpirun with 1, 2 and 4 ranks: the gradient of SLIP's self-supervised term, of towers
// and head.
#include <ATen/ATen.h>

#include <algorithm>

#include "common/publish.h"
#include "forward_backward_support.h"
#include "loss/simclr_loss.h"
#include "support/temporary_folder.h"
#include "train/step/ssl_loss.h"

namespace helip::train {
namespace {

// Two blocks in each tower, and the self-supervised head.
std::string slip_architecture(const test::TemporaryFolder& folder) {
  const std::string file = (folder.path() / "slip.json").string();
  publish_file(file, R"({"format": "helip_model/1", "kind": "slip", "embed_dim": 16,
    "image_tower": {"image_size": 32, "patch_size": 16, "width": 24, "layers": 2, "heads": 3},
    "text_tower": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
    "ssl_head": {"hidden": 12, "embed_dim": 8}})");
  return file;
}

struct SlipModelTest : SmallModelTest {
  SlipModelTest() { config.model.architecture = slip_architecture(folder); }

  const test::TemporaryFolder folder;
};

TEST_CASE_METHOD(
    SlipModelTest,
    "ranks give one rank's gradient of SLIP's term, of towers and head, in parts too") {
  // With 1000 a part is a row of the batch, and some parts have no view.
  for (const auto& [on, some] :
       {std::pair{config::SslImages::kSeeds, 1000U}, {config::SslImages::kAll, 2U}}) {
    config.slip.ssl_on = on;
    config.train.accum_freq = 1;
    const Outcome whole = learn_by_one();
    REQUIRE(whole.losses.ssl.has_value());
    CHECK(whole.losses.ssl->loss > 0.5);
    CHECK(whole.statistics.size() == 6);
    CHECK(std::count_if(whole.names.begin(), whole.names.end(), [](const std::string& name) {
            return name.starts_with("image_mlp.");
          }) == 10);
    for (const std::uint32_t parts : {1U, some}) {
      INFO(on << ", " << parts << " parts");
      config.train.accum_freq = parts;
      check_equal(learn_by_all(), whole, 1e-10);
    }
    config.train.accum_freq = 1;
    config.train.grad_checkpointing = true;
    check_equal(learn_by_all(), whole, 1e-10);
    config.train.grad_checkpointing = false;
  }
}

// The whole batch by one rank, written out without the pass, its gathers and its padding.
TEST_CASE_METHOD(SlipModelTest, "the gradient with SLIP's term is that of the sum of its losses") {
  config.slip = {.ssl_weight = 0.7, .ssl_temperature = 0.3, .ssl_on = config::SslImages::kAll};
  const Outcome found = learn_by_all();

  const auto model = model::load_model(config.model);
  model->to(test::device_name());
  for (const auto& [name, tensor] : model->state()) {
    if (tensor.is_floating_point()) tensor.set_data(tensor.detach().to(at::kDouble));
  }
  const LocalBatch batch = batch_of(one(), config::SslImages::kAll);
  const InputBatch inputs = inputs_of(batch, model->preprocess().size);
  const auto pixels = [&](const std::vector<float>& values) {
    return at::tensor(values).view({batch.rows, 3, 32, 32}).to(test::device(), at::kDouble);
  };
  model::DrawKeys keys{.sample = std::vector<std::uint64_t>(21), .slot = batch.slots};
  const at::Tensor image_MD =
      model->embed_images(pixels(inputs.image), model::ForwardMode::training(keys));
  const at::Tensor text_MD =
      model->embed_texts(at::tensor(inputs.tokens).view({batch.rows, kTokens}).to(test::device()),
                         model::ForwardMode::training(keys));
  const LossShares pairs =
      loss_shares(config.loss, one(), {image_MD, text_MD}, model->logit_scale().exp(), batch);
  model::SelfSupervision& ssl = *model->self_supervision();
  std::vector<at::Tensor> embedded;
  for (const std::vector<float>& view : inputs.views) {
    embedded.push_back(
        ssl.embed_ssl(ssl.image_features(pixels(view), model::ForwardMode::training(keys)), true));
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

TEST_CASE_METHOD(SlipModelTest,
                 "SLIP's term is left out with weight 0, and refused for models without its head") {
  config.slip.ssl_on = config::SslImages::kAll;
  const auto clip = model::load_model(small_config().model);
  CHECK_THROWS_WITH(has_ssl_term(*clip, config.slip),
                    Catch::Contains("slip") && Catch::Contains("no self-supervised head"));
  CHECK_FALSE(has_ssl_term(*clip, {}));
  config.slip.ssl_weight = 0;
  const Outcome off = learn_by_all();
  CHECK_FALSE(off.losses.ssl.has_value());
  for (const std::string& name : off.names) CHECK_FALSE(name.starts_with("image_mlp."));
}

TEST_CASE_METHOD(SlipModelTest,
                 "the self-supervised head's statistics are the same bits on every rank") {
  config.train.precision = config::PrecisionMode::kFp32;
  const Outcome found = learn_by_all();
  REQUIRE(found.statistics.size() == 6);
  for (const auto& [name, values] : found.statistics) {
    INFO(name);
    at::Tensor first = values.clone();
    all().broadcast(first, 0);
    CHECK(at::equal(first, values));
    CHECK(values.abs().sum().item<double>() > 0);
  }
}

TEST_CASE_METHOD(SlipModelTest, "a locked image tower's head still learns from the views") {
  config.train.lock_image = true;
  const Outcome whole = learn_by_one();
  CHECK(std::none_of(whole.names.begin(), whole.names.end(),
                     [](const std::string& name) { return name.starts_with("visual."); }));
  check_equal(learn_by_all(), whole, 1e-10);
  config.train.accum_freq = 3;
  check_equal(learn_by_all(), whole, 1e-10);
}

TEST_CASE_METHOD(SlipModelTest,
                 "SLIP's term in bfloat16 stays near the one in float64, its loss in float32") {
  const Outcome wide = learn_by_one();
  config.train.precision = config::PrecisionMode::kAmpBf16;
  const Outcome narrow = learn_by_all();
  CHECK(narrow.losses.ssl->loss == Approx(wide.losses.ssl->loss).epsilon(0.05));
  for (const at::Tensor& gradient : narrow.gradients) CHECK(gradient.scalar_type() == at::kFloat);
}

}  // namespace
}  // namespace helip::train
