#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include "check_layer_groups.h"
#include "common/error.h"
#include "golden_file.h"
#include "golden_tensors.h"
#include "model/model.h"
#include "model/script/two_tower_model.h"
#include "support/temporary_folder.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

const test::GoldenTensors& expected() {
  static const test::GoldenTensors tensors(test::golden("locked_towers/expected.safetensors"));
  return tensors;
}

config::ModelConfig trusted(const fs::path& folder, const std::string& init = "random") {
  config::ModelConfig config;
  config.architecture = folder.string();
  config.init = init;
  config.trust_torchscript = true;
  return config;
}

std::unique_ptr<Model> golden_model() {
  const fs::path folder = test::golden("locked_towers");
  return load_model(trusted(folder, folder.string()));
}

void copy_locked(const fs::path& folder) {
  fs::create_directories(folder);
  for (const char* name :
       {"helip_model.json", "image_tower.ts", "text_tower.ts", "vocab.txt", "heads.safetensors"}) {
    fs::copy_file(test::golden("locked_towers") / name, folder / name);
  }
}

DrawKeys keys(std::uint64_t first, std::size_t count) {
  DrawKeys result{.seed = 1, .epoch = 2, .sample = {}, .slot = {}};
  for (std::uint64_t i = first; i < first + count; ++i) {
    result.sample.push_back(100 + 7 * i);
    result.slot.push_back(i);
  }
  return result;
}

}  // namespace

TEST_CASE("towers and heads give what PyTorch gives") {
  const auto model = golden_model();
  REQUIRE(model->input_kinds() ==
          InputKinds{.image = InputKind::kFeatures, .text = InputKind::kFeatures});
  const auto towers = model->feature_extractor("cpu");
  const at::Tensor image_features_BD = towers->encode_images(expected()["pixels"]);
  const at::Tensor text_features_BD = towers->encode_texts(expected()["tokens"]);
  CHECK_FALSE(image_features_BD.requires_grad());
  CHECK(test::max_difference(image_features_BD, expected()["image_features"]) < 1e-5);
  CHECK(test::max_difference(text_features_BD, expected()["text_features"]) < 1e-5);

  const at::Tensor images_BD =
      model->embed_images(expected()["image_features"], ForwardMode::evaluation());
  const at::Tensor texts_BD =
      model->embed_texts(expected()["text_features"], ForwardMode::evaluation());
  CHECK(test::max_difference(images_BD, expected()["image_embeddings"]) < 1e-5);
  CHECK(test::max_difference(texts_BD, expected()["text_embeddings"]) < 1e-5);

  images_BD.mul(texts_BD).sum().backward();
  std::size_t compared = 0;
  for (const auto& [name, parameter] : model->parameters()) {
    if (name == "logit_scale") continue;
    INFO(name);
    CHECK(test::distance(parameter.grad(), expected()["gradient." + name]) < 1e-4);
    ++compared;
  }
  CHECK(compared == expected().names("gradient.").size());
}

TEST_CASE("the towers' features do not change from call to call") {
  const auto towers = golden_model()->feature_extractor("cpu");
  const at::Tensor first_BD = towers->encode_images(expected()["pixels"]);
  for (int round = 0; round < 4; ++round) {
    CHECK(at::equal(towers->encode_images(expected()["pixels"]), first_BD));
  }
}

TEST_CASE("dropout is reproducible and does not depend on how the batch is cut") {
  const auto model = golden_model();
  const at::NoGradGuard no_grad;
  const at::Tensor features_BD = expected()["image_features"];
  const DrawKeys all = keys(0, 4);
  const at::Tensor whole_BD = model->embed_images(features_BD, ForwardMode::training(all));
  CHECK(at::equal(model->embed_images(features_BD, ForwardMode::training(all)), whole_BD));
  CHECK(test::max_difference(whole_BD, expected()["image_embeddings"]) > 1e-2);
  for (std::size_t cut : {1, 2, 3}) {
    const auto rows = static_cast<std::int64_t>(cut);
    const DrawKeys head = keys(0, cut);
    const DrawKeys tail = keys(cut, 4 - cut);
    CHECK(test::max_difference(
              model->embed_images(features_BD.narrow(0, 0, rows), ForwardMode::training(head)),
              whole_BD.narrow(0, 0, rows)) < 1e-6);
    CHECK(test::max_difference(model->embed_images(features_BD.narrow(0, rows, 4 - rows),
                                                   ForwardMode::training(tail)),
                               whole_BD.narrow(0, rows, 4 - rows)) < 1e-6);
  }
  DrawKeys later = all;
  later.epoch = 3;
  CHECK(test::max_difference(model->embed_images(features_BD, ForwardMode::training(later)),
                             whole_BD) > 1e-3);
  later.slot.pop_back();
  CHECK_THROWS_AS(model->embed_images(features_BD, ForwardMode::training(later)), Error);
}

TEST_CASE("parameters have the names of the heads, in a fixed order") {
  std::vector<std::string> names;
  for (const auto& [name, parameter] : golden_model()->parameters()) {
    names.push_back(name);
    CHECK(parameter.requires_grad());
  }
  const std::vector<std::string> expected_names = {
      "image_head.0.weight", "image_head.0.bias",  "image_head.3.weight",
      "image_head.3.bias",   "text_head.0.weight", "text_head.0.bias",
      "text_head.3.weight",  "text_head.3.bias",   "logit_scale"};
  CHECK(names == expected_names);
  test::check_layer_groups(*golden_model(), 1, 1);
}

TEST_CASE("TorchScript is refused unless it is trusted, saying what to set") {
  config::ModelConfig config = trusted(test::golden("locked_towers"));
  config.trust_torchscript = false;
  const std::string message = test::message_of<ConfigError>([&] { load_model(config); });
  CHECK(message.find("model.trust_torchscript: true") != std::string::npos);
}

TEST_CASE("a tower that is not the one named is refused, also when it changes later") {
  const test::TemporaryFolder folder;
  copy_locked(folder.path() / "m");
  const auto model = load_model(trusted(folder.path() / "m"));
  const auto towers = model->feature_extractor("cpu");
  std::string bytes = test::read_text(folder.path() / "m/text_tower.ts");
  bytes[bytes.size() / 2] ^= 1;
  test::write_text(folder.path() / "m/text_tower.ts", bytes);
  CHECK_THROWS_AS(towers->encode_texts(expected()["tokens"]), StoreError);
  CHECK_NOTHROW(towers->encode_images(expected()["pixels"]));
  CHECK_THROWS_AS(model->save(folder.path() / "saved"), StoreError);
  CHECK_FALSE(fs::exists(folder.path() / "saved"));
  CHECK_THROWS_AS(load_model(trusted(folder.path() / "m")), StoreError);
}

TEST_CASE("a tower that does not fit its description is refused") {
  const test::TemporaryFolder folder;
  copy_locked(folder.path() / "m");
  auto json = test::read_json(folder.path() / "m/helip_model.json");
  json["image_tower"]["feature_dim"] = 11;
  test::write_text(folder.path() / "m/helip_model.json", json.dump());
  const auto towers = load_model(trusted(folder.path() / "m"))->feature_extractor("cpu");
  const std::string message =
      test::message_of<ConfigError>([&] { towers->encode_images(expected()["pixels"]); });
  CHECK(message.find("float32 [4, 11]") != std::string::npos);
  CHECK(message.find("[4, 10]") != std::string::npos);
  // Its heads, then, are of another model.
  CHECK_THROWS_AS(load_model(trusted(folder.path() / "m", test::golden("locked_towers").string())),
                  ConfigError);
  CHECK_THROWS_AS(
      load_model(trusted(folder.path() / "m", (folder.path() / "m/heads.safetensors").string())),
      ConfigError);
  // A tower that cannot run on what it is given: one line, no stack.
  const std::string run =
      test::message_of<ConfigError>([&] { towers->encode_texts(expected()["tokens"].add(1000)); });
  CHECK(run.find("does not run") != std::string::npos);
  CHECK(run.find('\n') == std::string::npos);
}

TEST_CASE("features of the wrong width are refused") {
  const auto model = golden_model();
  CHECK_THROWS_AS(model->embed_images(expected()["text_features"], ForwardMode::evaluation()),
                  DataError);
}

TEST_CASE("a locked-towers model is saved with its towers and loaded again") {
  const test::TemporaryFolder folder;
  const auto model = golden_model();
  const fs::path saved = folder.path() / "model";
  model->save(saved);
  const auto again = load_model(trusted(saved, saved.string()));
  CHECK(again->towers_digest() == model->towers_digest());
  CHECK(test::read_text(saved / "heads.safetensors").size() > 1000);
  const auto theirs = again->parameters();
  const auto ours = model->parameters();
  REQUIRE(theirs.size() == ours.size());
  for (std::size_t i = 0; i < ours.size(); ++i) CHECK(at::equal(theirs[i].second, ours[i].second));
  CHECK(at::equal(again->feature_extractor("cpu")->encode_texts(expected()["tokens"]),
                  model->feature_extractor("cpu")->encode_texts(expected()["tokens"])));

  // A checkpoint of a work directory.
  fs::create_directories(folder.path() / "step-00000100");
  save_weights(*model, folder.path() / "step-00000100/model.safetensors");
  const auto resumed =
      load_model(trusted(saved, (folder.path() / "step-00000100").string()))->parameters();
  CHECK(at::equal(resumed.front().second, ours.front().second));
  const auto fresh = load_model(trusted(saved))->parameters();
  CHECK_FALSE(at::equal(fresh.front().second, ours.front().second));
}

TEST_CASE("without heads features of a joint space are embeddings, and logit_scale alone trains") {
  const test::TemporaryFolder folder;
  TwoTowerConfig config;
  config.kind = TowersKind::kFeatures;
  config.embed_dim = 3;
  for (TwoTowerConfig::TowerDescription* tower :
       {static_cast<TwoTowerConfig::TowerDescription*>(&config.image),
        static_cast<TwoTowerConfig::TowerDescription*>(&config.text)}) {
    tower->file = {folder.path() / "features.npy", std::string(64, 'a')};
    tower->feature_dim = 3;
    tower->head.kind = HeadKind::kNone;
  }
  const auto model = make_two_tower_model(config, nullptr, 1, {});
  test::check_layer_groups(*model, 1, 1);
  REQUIRE(model->parameters().size() == 1);
  CHECK(model->parameters().front().first == "logit_scale");

  const at::Tensor features_BD = at::tensor({3.0F, 4.0F, 0.0F, 0.0F, 0.0F, 2.0F}).view({2, 3});
  const at::Tensor unit_BD = at::tensor({0.6F, 0.8F, 0.0F, 0.0F, 0.0F, 1.0F}).view({2, 3});
  const DrawKeys draws = keys(0, 2);
  const at::Tensor images_BD = model->embed_images(features_BD, ForwardMode::training(draws));
  const at::Tensor texts_BD = model->embed_texts(features_BD, ForwardMode::evaluation());
  CHECK(test::max_difference(images_BD, unit_BD) < 1e-6);
  CHECK(at::equal(texts_BD, images_BD));
  images_BD.mul(texts_BD).sum().mul(model->logit_scale()).backward();
  CHECK(model->logit_scale().grad().item<float>() == Approx(2));
  CHECK_THROWS_AS(model->embed_texts(at::ones({2, 4}), ForwardMode::evaluation()), DataError);

  model->save(folder.path() / "m");
  const auto again = load_model(trusted(folder.path() / "m", (folder.path() / "m").string()));
  CHECK(again->towers_digest() == model->towers_digest());
  CHECK(at::equal(again->logit_scale(), model->logit_scale()));
  CHECK(at::equal(again->embed_images(features_BD, ForwardMode::evaluation()), images_BD));
}
