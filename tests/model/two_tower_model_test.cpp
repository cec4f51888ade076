#include "model/script/two_tower_model.h"

#include <ATen/core/grad_mode.h>

#include <cstdlib>

#include "check_layer_groups.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "model/script/trainable_script_tower.h"
#include "support/temporary_folder.h"
#include "trained_towers.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

using test::expected;
using test::keys;
using test::kImageDim;
using test::kTextDim;
using test::pinned;

config::ModelConfig trusted(const fs::path& folder, const std::string& init = "random") {
  config::ModelConfig config;
  config.architecture = folder.string();
  config.init = init;
  config.trust_torchscript = true;
  return config;
}

// A folder of its own with this in place of the towers' "train".
fs::path variant(const test::TemporaryFolder& folder, const std::string& image,
                 const std::string& text) {
  const fs::path copy = folder.path() / cat("model-", sha256_hex(image + "/" + text).substr(0, 8));
  if (fs::exists(copy)) return copy;
  fs::copy(test::golden("trained_towers"), copy);
  auto json = test::read_json(copy / "helip_model.json");
  json["image_tower"]["train"] = image;
  json["text_tower"]["train"] = text;
  test::write_text(copy / "helip_model.json", json.dump());
  return copy;
}

struct Embeddings {  // or what they are of
  at::Tensor images_BD, texts_BD;
};

// The golden pixels and tokens, or, of a modality that the model embeds the features of, these.
Embeddings inputs_of(const Model& model) {
  const InputKinds kinds = model.input_kinds();
  Embeddings inputs = {expected()["pixels"], expected()["tokens"]};
  if (!kinds.any(InputKind::kFeatures)) return inputs;
  const auto towers = model.feature_extractor("cpu");
  if (kinds.image == InputKind::kFeatures)
    inputs.images_BD = towers->encode_images(inputs.images_BD);
  if (kinds.text == InputKind::kFeatures) inputs.texts_BD = towers->encode_texts(inputs.texts_BD);
  return inputs;
}

Embeddings embed(Model& model) {
  const at::NoGradGuard no_grad;
  const auto [images, texts] = inputs_of(model);
  return {model.embed_images(images, ForwardMode::evaluation()),
          model.embed_texts(texts, ForwardMode::evaluation())};
}

// One step of gradient descent on the mean cosine of the pairs; returns its negative.
double train_step(Model& model, std::uint64_t epoch) {
  const DrawKeys draws = keys(epoch);
  const auto [images, texts] = inputs_of(model);
  const at::Tensor loss = model.embed_images(images, ForwardMode::training(draws))
                              .mul(model.embed_texts(texts, ForwardMode::training(draws)))
                              .sum(-1)
                              .mean()
                              .neg();
  loss.backward();
  const at::NoGradGuard no_grad;
  for (auto& [name, parameter] : model.parameters()) {
    if (name == "logit_scale") continue;
    parameter.add_(parameter.grad(), -0.1);
    parameter.mutable_grad().reset();
  }
  return loss.item<double>();
}

std::string bytes_of(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  return {static_cast<const char*>(whole.const_data_ptr()), whole.nbytes()};
}

// By Python's torch.
std::string features_by_python(const fs::path& tower, const at::Tensor& input,
                               const test::TemporaryFolder& folder) {
  const fs::path numbers = folder.path() / "input";
  const fs::path output = folder.path() / "output";
  test::write_text(numbers, bytes_of(input));
  std::string shape;
  for (const std::int64_t extent : input.sizes()) shape += cat(shape.empty() ? "" : ",", extent);
  const std::string command =
      cat("PYTHONPATH='" HELIP_TORCH_PACKAGES "' python3 " HELIP_SOURCE_DIR
          "/tests/model/run_tower.py ",
          tower.string(), " ", numbers.string(),
          input.is_floating_point() ? " float32 " : " int64 ", shape, " ", output.string());
  REQUIRE(std::system(command.c_str()) == 0);
  return test::read_text(output);
}

}  // namespace

TEST_CASE("a tower whose gradients fail or reach nothing is refused as the model is loaded") {
  const test::TemporaryFolder folder;
  const auto message_with = [&](const std::string& tower) {
    const fs::path model = folder.path() / tower;
    fs::copy(variant(folder, "all", "all"), model);
    auto json = test::read_json(model / "helip_model.json");
    json["image_tower"]["file"] = tower;
    json["image_tower"]["sha256"] = pinned(tower).sha256;
    test::write_text(model / "helip_model.json", json.dump());
    std::string message = test::message_of<ConfigError>([&] { load_model(trusted(model)); });
    INFO(message);
    CHECK(message.find(tower + " (sha256 " + pinned(tower).sha256) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    return message;
  };
  CHECK(message_with("no_grad.ts").find("torch.no_grad()") != std::string::npos);
  CHECK(message_with("in_place.ts").find("modified by an inplace operation") != std::string::npos);

  // Also where a step's graph has lost them, and not only in the trial.
  TrainableScriptTower tower(pinned("no_grad.ts"), kImageDim, "all", "t");
  const DrawKeys draws = keys();
  CHECK_THROWS_AS(tower.run(expected()["pixels"], ForwardMode::training(draws)), ConfigError);
}

TEST_CASE("training lowers a loss and changes the named layers alone") {
  const test::TemporaryFolder folder;
  const auto model = load_model(trusted(variant(folder, "from:layer2", "from:layers.1")));
  CHECK(model->input_kinds() == InputKinds{});
  test::check_layer_groups(*model, 1, 1);
  CHECK(model->batch_norms().image.ends_with("running_mean"));
  CHECK(model->batch_norms().text.empty());
  const auto before = load_model(trusted(variant(folder, "all", "all")));
  const double first = train_step(*model, 0);
  double last = first;
  for (std::uint64_t step = 1; step < 12; ++step) last = train_step(*model, step);
  CHECK(last < first - 0.1);
  model->save(folder.path() / "saved");
  const auto after =
      load_model(trusted(variant(folder, "all", "all"), (folder.path() / "saved").string()));
  const NamedTensors then = before->parameters();
  const NamedTensors now = after->parameters();
  REQUIRE(now.size() == then.size());
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::string& name = now[i].first;
    INFO(name);
    const bool unused = name.starts_with("image_tower.unused") || name == "logit_scale";
    const bool trained =
        name.starts_with("image_tower.layer2") || name.starts_with("text_tower.layers.1") ||
        name.starts_with("text_tower.norm") || name.find("_head.") != std::string::npos;
    CHECK(at::equal(now[i].second, then[i].second) == (unused || !trained));
  }
}

TEST_CASE("the result is read back with equal embeddings, also by Python's torch") {
  const test::TemporaryFolder folder;
  const fs::path start = variant(folder, "all", "none");
  const auto model = load_model(trusted(start));
  for (std::uint64_t step = 0; step < 3; ++step) train_step(*model, step);
  const Embeddings ours = embed(*model);
  const fs::path saved = folder.path() / "saved";
  model->save(saved);
  save_weights(*model, folder.path() / "model.safetensors");

  // As a model of its own, and as the weights of the model that it began as; from a checkpoint.
  for (const auto& config : {trusted(saved, saved.string()), trusted(start, saved.string()),
                             trusted(start, (folder.path() / "model.safetensors").string())}) {
    const auto again = load_model(config);
    const Embeddings theirs = embed(*again);
    CHECK(at::equal(theirs.images_BD, ours.images_BD));
    CHECK(at::equal(theirs.texts_BD, ours.texts_BD));
  }
  const auto json = test::read_json(saved / "helip_model.json");
  CHECK(json["kind"] == "towers");
  CHECK(json["image_tower"]["sha256"] == sha256_file(saved / "image_tower.ts"));
  CHECK(json["image_tower"]["sha256"] != pinned("image_tower.ts").sha256);
  CHECK(json["text_tower"]["sha256"] == pinned("text_tower.ts").sha256);

  TrainableScriptTower tower({saved / "image_tower.ts", json["image_tower"]["sha256"]}, kImageDim,
                             "all", "t");
  TrainableScriptTower text(pinned("text_tower.ts"), kTextDim, "all", "t");
  const at::NoGradGuard no_grad;
  CHECK(features_by_python(saved / "image_tower.ts", expected()["pixels"], folder) ==
        bytes_of(tower.run(expected()["pixels"], ForwardMode::evaluation())));
  CHECK(features_by_python(saved / "text_tower.ts", expected()["tokens"], folder) ==
        bytes_of(text.run(expected()["tokens"], ForwardMode::evaluation())));
}

TEST_CASE("heads that were trained on locked towers start the training of the towers") {
  const test::TemporaryFolder folder;
  const fs::path locked = variant(folder, "none", "none");
  auto json = test::read_json(locked / "helip_model.json");
  json["kind"] = "locked_towers";
  for (const char* tower : {"image_tower", "text_tower"}) {
    Json kept = Json::object();
    for (const auto& [key, value] : json[tower].items()) {
      if (key != "train") kept[key] = value;
    }
    json[tower] = kept;
  }
  test::write_text(locked / "helip_model.json", json.dump());
  const auto heads = load_model(trusted(locked));
  heads->save(folder.path() / "heads");
  const auto model =
      load_model(trusted(test::golden("trained_towers"), (folder.path() / "heads").string()));
  const at::NoGradGuard no_grad;
  const at::Tensor features_BD =
      heads->feature_extractor("cpu")->encode_images(expected()["pixels"]);
  CHECK(test::max_difference(embed(*model).images_BD,
                             heads->embed_images(features_BD, ForwardMode::evaluation())) < 1e-5);
  // Other towers' heads are refused.
  json["text_tower"]["feature_dim"] = 5;
  test::write_text(folder.path() / "heads/helip_model.json", json.dump());
  CHECK_THROWS_AS(
      load_model(trusted(test::golden("trained_towers"), (folder.path() / "heads").string())),
      ConfigError);
}

TEST_CASE("a frozen tower's features through its head are what both towers give from raw inputs") {
  const test::TemporaryFolder folder;
  const auto both = load_model(trusted(variant(folder, "all", "all")));
  const Embeddings raw = embed(*both);
  for (const auto& [image, text] : {std::pair("all", "none"), {"none", "all"}}) {
    const auto mixed = load_model(trusted(variant(folder, image, text)));
    CHECK(mixed->input_kinds().any(InputKind::kRaw));
    CHECK(mixed->input_kinds().any(InputKind::kFeatures));
    const Embeddings found = embed(*mixed);
    // A frozen graph folds constants: the last bits of its tower's features may differ.
    CHECK(at::equal(text == std::string("all") ? found.texts_BD : found.images_BD,
                    text == std::string("all") ? raw.texts_BD : raw.images_BD));
    CHECK(test::max_difference(found.images_BD, raw.images_BD) < 1e-6);
    CHECK(test::max_difference(found.texts_BD, raw.texts_BD) < 1e-6);
    // Raw inputs in place of features are refused, and so is the reverse.
    const at::Tensor& pixels = expected()["pixels"];
    if (mixed->input_kinds().image == InputKind::kFeatures) {
      CHECK_THROWS_AS(mixed->embed_images(pixels, ForwardMode::evaluation()), DataError);
    } else {
      CHECK_THROWS_AS(mixed->embed_images(found.images_BD, ForwardMode::evaluation()), ConfigError);
    }
  }
}

TEST_CASE("with one tower frozen its head and the other tower train, and nothing else") {
  const test::TemporaryFolder folder;
  const auto model = load_model(trusted(variant(folder, "all", "none")));
  test::check_layer_groups(*model, 1, 1);
  CHECK(model->batch_norms().image.ends_with("running_mean"));
  CHECK(model->batch_norms().text.empty());
  const double first = train_step(*model, 0);
  double last = first;
  for (std::uint64_t step = 1; step < 12; ++step) last = train_step(*model, step);
  CHECK(last < first - 0.1);
  bool has_text_head = false;
  for (const auto& [name, tensor] : model->state()) {
    CHECK_FALSE(name.starts_with("text_tower."));
    has_text_head = has_text_head || name.starts_with("text_head.");
  }
  CHECK(has_text_head);
  model->save(folder.path() / "saved");
  CHECK(sha256_file(folder.path() / "saved/text_tower.ts") == pinned("text_tower.ts").sha256);
}
