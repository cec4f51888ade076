// Run under mpirun with 1, 2 and 4 ranks: what is trained of a model, and its gradient where parts
// are locked.
#include <filesystem>

#include "common/json.h"
#include "common/publish.h"
#include "forward_backward_support.h"
#include "support/temporary_folder.h"
#include "train/step/trained_parameters.h"

namespace helip::train {
namespace {

TEST_CASE_METHOD(SmallModelTest, "locked towers get no gradient and change nobody else's") {
  const Outcome free = learn_by_one();
  config.train.lock_image = true;
  for (const std::uint32_t unlocked : {0U, 1U, 2U}) {
    config.train.lock_image_unlocked_groups = unlocked;
    for (const std::uint32_t parts : {1U, 2U}) {
      config.train.accum_freq = parts;
      const Outcome locked = learn_by_all();
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

TEST_CASE_METHOD(SmallModelTest, "layer groups behind a locked part are recomputed too") {
  config.train.lock_image = true;
  config.train.lock_image_unlocked_groups = 2;
  const Outcome kept = learn_by_one();
  config.train.grad_checkpointing = true;
  check_equal(learn_by_all(), kept, 1e-10);
}

// A batch in parts for towers of which one has batch norms.
struct TrainedTowersTest : SmallModelTest {
  TrainedTowersTest() {
    config.model.architecture = HELIP_SOURCE_DIR "/tests/golden/trained_towers";
    config.model.trust_torchscript = true;
    config.train.precision = config::PrecisionMode::kFp32;
    config.train.accum_freq = 2;
    model = model::load_model(config.model);
  }

  std::unique_ptr<model::Model> model;
};

TEST_CASE_METHOD(TrainedTowersTest,
                 "parts are refused where a tower has batch norms, unless it is locked") {
  const TrainedParameters trained = trained_parameters(*model, config.train);
  CHECK_THROWS_WITH(ForwardBackward(options_of(config), *model, trained, one()),
                    Catch::Contains("train.accum_freq") && Catch::Contains("running_mean"));
}

TEST_CASE_METHOD(TrainedTowersTest, "parts are taken where the tower with batch norms is locked") {
  const model::TowerBatchNorms norms = model->batch_norms();
  config.train.lock_image = !norms.image.empty();
  config.train.lock_text = !norms.text.empty();
  REQUIRE(config.train.lock_image != config.train.lock_text);
  const TrainedParameters trained = trained_parameters(*model, config.train);
  CHECK_NOTHROW(ForwardBackward(options_of(config), *model, trained, one()));
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

TEST_CASE("a locked tower beside one without parameters is refused for what it is") {
  const test::TemporaryFolder folder;
  const auto copy = folder.path() / "model";
  std::filesystem::copy(HELIP_SOURCE_DIR "/tests/golden/trained_towers", copy);
  Json json = Json::parse(read_text_file(copy / "helip_model.json"));
  json["heads"] = {{"kind", "none"}};
  json["embed_dim"] = json["text_tower"]["feature_dim"] = json["image_tower"]["feature_dim"];
  json["text_tower"]["train"] = "none";
  publish_file(copy / "helip_model.json", json.dump());
  config::RunConfig config = small_config();
  config.model.architecture = copy;
  config.model.trust_torchscript = true;
  config.train.lock_image = true;
  const auto model = model::load_model(config.model);
  CHECK_THROWS_WITH(trained_parameters(*model, config.train),
                    Catch::StartsWith("train.lock_image: ") &&
                        Catch::Contains("the image tower locked, a text tower without parameters"));
  config.train.lock_text = true;
  CHECK_THROWS_WITH(
      trained_parameters(*model, config.train),
      Catch::StartsWith("train.lock_text: ") && Catch::Contains("found a frozen one"));

  config = small_config();
  config.train.lock_image = config.train.lock_text = true;
  const auto both = model::load_model(config.model);
  CHECK_THROWS_WITH(trained_parameters(*both, config.train), Catch::Contains("both towers locked"));
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
