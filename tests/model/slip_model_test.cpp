// SLIP's models beside golden files of their published definition.
#include "model/slip/slip_model.h"

#include <ATen/core/grad_mode.h>

#include "check_layer_groups.h"
#include "common/error.h"
#include "golden_file.h"
#include "golden_formula.h"
#include "golden_tensors.h"
#include "model/files/model_files.h"
#include "support/temporary_folder.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

const test::GoldenTensors& expected() {
  static const test::GoldenTensors tensors(test::golden("slip/expected.safetensors"));
  return tensors;
}

SlipDescription golden_config() {
  const fs::path file = test::golden("slip/model.json");
  return parse_slip_description(test::read_text(file), file.string());
}

std::unique_ptr<Model> golden_model() {
  auto model = make_slip_model(golden_config(), std::make_unique<test::NoTokenizer>(), 1);
  test::fill_model(*model);
  return model;
}

at::Tensor unit(const at::Tensor& rows_BD) { return rows_BD.div(rows_BD.norm(2, -1, true)); }

at::Tensor ssl_features() { return test::filled("features", {6, 384}, 0, 1); }

}  // namespace

TEST_CASE("a SLIP model's embeddings equal those of its published definition") {
  const auto model = golden_model();
  const at::NoGradGuard no_grad;
  const at::Tensor images = test::formula_images(3, 224);
  CHECK(test::max_difference(model->embed_images(images, ForwardMode::evaluation()),
                             unit(expected()["image_features"])) < 1e-4);
  CHECK(test::max_difference(
            model->embed_texts(test::formula_tokens(3, 77, 1000), ForwardMode::evaluation()),
            unit(expected()["text_features"])) < 1e-4);
  REQUIRE(model->self_supervision() != nullptr);
  CHECK(test::max_difference(
            model->self_supervision()->image_features(images, ForwardMode::evaluation()),
            expected()["features"]) < 1e-4);
}

TEST_CASE("SLIP's self-supervised head equals its definition in evaluation and in training") {
  const auto model = golden_model();
  SelfSupervision& head = *model->self_supervision();
  CHECK(test::max_difference(head.embed_ssl(ssl_features(), false), expected()["ssl.evaluation"]) <
        1e-4);
  const at::Tensor trained = head.embed_ssl(ssl_features(), true);
  CHECK(test::max_difference(trained, expected()["ssl.training"]) < 1e-4);
  trained.square().sum().backward();
  REQUIRE(head.ssl_parameters().size() == 10);
  std::size_t compared = 0;
  for (const auto& [name, parameter] : head.ssl_parameters()) {
    INFO(name);
    REQUIRE(parameter.grad().defined());
    if (name != "image_mlp.layer1.weight") continue;
    CHECK(test::distance(parameter.grad().narrow(0, 0, 8), expected()["gradient"]) < 1e-4);
    ++compared;
  }
  for (const auto& [name, tensor] : model->state()) {
    if (name.find("running_") == std::string::npos && !name.ends_with("_tracked")) continue;
    INFO(name);
    CHECK(test::max_difference(tensor, expected()["buffer." + name]) < 1e-5);
    ++compared;
  }
  CHECK(compared == 7);
  CHECK_THROWS_AS(head.embed_ssl(ssl_features().narrow(0, 0, 1), true), DataError);
  CHECK_THROWS_AS(head.embed_ssl(ssl_features().t(), false), DataError);
}

TEST_CASE("the loss on pairs trains all of a SLIP model but its self-supervised head") {
  const auto model = golden_model();
  for (const auto& [name, parameter] : model->parameters()) {
    CHECK_FALSE(name.starts_with("image_mlp."));
  }
  CHECK(model->state().size() == model->parameters().size() + 10 + 6);
  const SlipArchitecture shape = golden_config().architecture;
  test::check_layer_groups(*model, static_cast<std::size_t>(shape.vision.layers) + 2,
                           static_cast<std::size_t>(shape.text.layers) + 2);
  for (const auto& [name, parameter] : model->self_supervision()->ssl_parameters()) {
    CHECK(model->decays(name, parameter) == (parameter.dim() == 2));
  }
  SlipDescription config = golden_config();
  config.architecture.ssl_head.reset();
  const auto clip = make_slip_model(config, std::make_unique<test::NoTokenizer>(), 1);
  CHECK(clip->self_supervision() == nullptr);
  CHECK(clip->state().size() == model->parameters().size());
}

TEST_CASE("a SLIP model is saved as a folder and loaded again, head and statistics included") {
  const test::TemporaryFolder folder;
  SlipDescription config = golden_config();
  config.architecture.vision.image_size = 32;
  config.preprocess.size = 32;
  config.architecture.text.vocab_size = 49408;  // the installed tokenizer's
  config.architecture.text.width = 32;
  config.architecture.text.layers = 1;
  const auto model = make_slip_model(config, std::make_unique<test::NoTokenizer>(), 1);
  model->self_supervision()->embed_ssl(ssl_features(), true);
  const fs::path saved = folder.path() / "model";
  model->save(saved);

  config::ModelConfig job;
  job.architecture = saved.string();
  job.init = saved.string();
  const auto again = load_model(job);
  CHECK(again->towers_digest() == model->towers_digest());
  CHECK(again->preprocess().interpolation == data::Interpolation::kBilinear);
  CHECK(again->preprocess().mean[0] == 0.485F);
  job.init = (saved / "model.safetensors").string();
  CHECK(load_model(job)->towers_digest() == model->towers_digest());

  auto other = test::read_json(saved / "helip_model.json");
  other["image_tower"]["heads"] = 6;
  test::write_text(folder.path() / "other.json", other.dump());
  job.architecture = (folder.path() / "other.json").string();
  job.init = saved.string();
  const std::string message = test::message_of<ConfigError>([&] { load_model(job); });
  CHECK(message.find("/image_tower/heads") != std::string::npos);
}
