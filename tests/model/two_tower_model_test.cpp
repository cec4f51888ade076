#include "model/script/two_tower_model.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <cstdlib>
#include <limits>
#include <set>

#include "check_layer_groups.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "golden_file.h"
#include "golden_tensors.h"
#include "model/script/trainable_script_tower.h"
#include "support/temporary_folder.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

const test::GoldenTensors& expected() {
  static const test::GoldenTensors tensors(test::golden("trained_towers/expected.safetensors"));
  return tensors;
}

PinnedFile pinned(const std::string& name) {
  const fs::path file = test::golden("trained_towers/" + name);
  return {file, sha256_file(file)};
}

constexpr std::int64_t kImageDim = 10;
constexpr std::int64_t kTextDim = 6;

DrawKeys keys(std::uint64_t epoch = 0, std::size_t rows = 5) {
  DrawKeys result{.seed = 1, .epoch = epoch, .sample = {}, .slot = {}};
  for (std::size_t i = 0; i < rows; ++i) {
    result.sample.push_back(20 + i);
    result.slot.push_back(i);
  }
  return result;
}

std::set<std::string> names_of(const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) names.insert(name);
  return names;
}

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

struct Embeddings {
  at::Tensor images_BD, texts_BD;
};

Embeddings embed(Model& model) {
  const at::NoGradGuard no_grad;
  return {model.embed_images(expected()["pixels"], ForwardMode::evaluation()),
          model.embed_texts(expected()["tokens"], ForwardMode::evaluation())};
}

// One step of gradient descent on the mean cosine of the pairs; returns its negative.
double train_step(Model& model, std::uint64_t epoch) {
  const DrawKeys draws = keys(epoch);
  const at::Tensor loss =
      model.embed_images(expected()["pixels"], ForwardMode::training(draws))
          .mul(model.embed_texts(expected()["tokens"], ForwardMode::training(draws)))
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

std::string refusal(const std::string& file, const std::string& train) {
  return test::message_of<ConfigError>(
      [&] { TrainableScriptTower(pinned(file), kImageDim, train, "image_tower"); });
}

}  // namespace

TEST_CASE("a trained tower's features, gradients and batch norms are PyTorch's") {
  struct Side {
    const char* name;
    const char* input;
    std::int64_t dim;
  };
  for (const Side& side : {Side{"image", "pixels", kImageDim}, Side{"text", "tokens", kTextDim}}) {
    const std::string name = side.name;
    TrainableScriptTower tower(pinned(name + "_tower.ts"), side.dim, "all", name);
    const at::Tensor input = expected()[side.input];
    CHECK(test::max_difference(tower.run(input, ForwardMode::evaluation()),
                               expected()[name + "_features"]) < 1e-6);
    const DrawKeys draws = keys();
    const at::Tensor features_BD = tower.run(input, ForwardMode::training(draws));
    CHECK(test::max_difference(features_BD, expected()[name + "_trained"]) < 1e-6);
    features_BD.mul(expected()[name + "_weight"]).sum().backward();
    const auto gradients = expected().names(name + "_gradient.");
    CHECK(gradients.size() == tower.parameters().size());
    for (const auto& [own, parameter] : tower.parameters()) {
      INFO(own);
      const std::string key = own.substr(name.size() + 1);
      const at::Tensor wanted = expected()[name + "_gradient." + key];
      REQUIRE(parameter.grad().defined());
      CHECK(parameter.grad().sub(wanted).abs().max().item<double>() < 1e-5);
    }
    const auto buffers = expected().names(name + "_buffer.");
    CHECK(buffers.size() == tower.buffers().size());
    for (const auto& [own, buffer] : tower.buffers()) {
      INFO(own);
      const at::Tensor wanted = expected()[name + "_buffer." + own.substr(name.size() + 1)];
      CHECK(buffer.scalar_type() == wanted.scalar_type());
      CHECK(buffer.sub(wanted).abs().max().item<double>() < 1e-6);
    }
  }
}

TEST_CASE("from a named layer on: what is before it gets no gradient and keeps its batch norms") {
  TrainableScriptTower tower(pinned("image_tower.ts"), kImageDim, "from:layer2", "t");
  CHECK(names_of(tower.parameters()) ==
        std::set<std::string>{"t.layer2.0.weight", "t.layer2.0.bias", "t.layer2.1.weight",
                              "t.layer2.1.bias", "t.unused.weight", "t.unused.bias"});
  CHECK(names_of(tower.frozen()) == std::set<std::string>{"t.conv1.weight", "t.bn1.weight",
                                                          "t.bn1.bias", "t.layer1.0.weight",
                                                          "t.layer1.1.weight", "t.layer1.1.bias"});
  const std::set<std::string> statistics = names_of(tower.buffers());
  CHECK(statistics.size() == 3 * 3);
  CHECK(statistics.contains("t.layer2.1.num_batches_tracked"));
  const DrawKeys draws = keys();
  tower.run(expected()["pixels"], ForwardMode::training(draws)).sum().backward();
  for (const auto& [name, parameter] : tower.parameters()) CHECK(parameter.grad().defined());

  // The whole tower once more, in evaluation: its early batch norms are as in the file.
  const test::TemporaryFolder folder;
  const fs::path saved = folder.path() / "saved.ts";
  const PinnedFile again{saved, tower.save(saved)};
  TrainableScriptTower whole(again, kImageDim, "all", "t");
  TrainableScriptTower original(pinned("image_tower.ts"), kImageDim, "all", "t");
  const NamedTensors now = whole.buffers();
  const NamedTensors then = original.buffers();
  std::size_t changed = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::string& name = now[i].first;
    const bool equal = at::equal(now[i].second, then[i].second);
    CHECK(equal == !name.starts_with("t.layer2"));
    changed += equal ? 0 : 1;
  }
  CHECK(changed == 3);

  TrainableScriptTower inside(pinned("text_tower.ts"), kTextDim, "from:layers.1.qkv", "t");
  CHECK(names_of(inside.parameters()).contains("t.layers.1.out.weight"));
  CHECK_FALSE(names_of(inside.parameters()).contains("t.layers.1.norm1.weight"));
  CHECK(names_of(inside.parameters()).contains("t.norm.weight"));
}

TEST_CASE("random layers draw by the keys, and not in evaluation") {
  TrainableScriptTower tower(pinned("dropout.ts"), kImageDim, "all", "t");
  const at::NoGradGuard no_grad;
  const at::Tensor pixels = expected()["pixels"];
  const at::Tensor evaluated_BD = tower.run(pixels, ForwardMode::evaluation());
  const DrawKeys first = keys(1);
  const DrawKeys second = keys(2);
  const at::Tensor one_BD = tower.run(pixels, ForwardMode::training(first));
  const at::Tensor other_BD = tower.run(pixels, ForwardMode::training(second));
  CHECK(at::equal(tower.run(pixels, ForwardMode::training(first)), one_BD));
  CHECK_FALSE(at::equal(other_BD, one_BD));
  // The batch norms have seen four batches by now.
  CHECK_FALSE(at::equal(tower.run(pixels, ForwardMode::evaluation()), evaluated_BD));
  CHECK(at::equal(tower.run(pixels, ForwardMode::evaluation()),
                  tower.run(pixels, ForwardMode::evaluation())));
}

TEST_CASE("a rank without rows gives no features and a zero gradient to every parameter") {
  TrainableScriptTower tower(pinned("image_tower.ts"), kImageDim, "all", "t");
  const DrawKeys none = keys(0, 0);
  const at::Tensor features_BD =
      tower.run(expected()["pixels"].narrow(0, 0, 0), ForwardMode::training(none));
  CHECK(features_BD.sizes() == at::IntArrayRef({0, kImageDim}));
  features_BD.sum().backward();
  for (const auto& [name, parameter] : tower.parameters()) {
    INFO(name);
    REQUIRE(parameter.grad().defined());
    CHECK(parameter.grad().abs().sum().item<double>() == 0);
  }
}

TEST_CASE("towers that cannot be trained are refused in one line that names file and remedy") {
  const auto check = [](const std::string& message, const std::string& file,
                        const std::vector<std::string>& parts) {
    INFO(message);
    CHECK(message.find(file) != std::string::npos);
    CHECK(message.find(sha256_file(test::golden("trained_towers/" + file))) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    for (const std::string& part : parts) CHECK(message.find(part) != std::string::npos);
  };
  check(refusal("frozen.ts", "all"), "frozen.ts", {"frozen", "torch.jit.script"});
  check(refusal("traced.ts", "all"), "traced.ts",
        {"traced", "aten::batch_norm with training = False", "torch.jit.script"});
  check(refusal("traced_layer.ts", "all"), "traced_layer.ts",
        {"traced", "aten::_transformer_encoder_layer_fwd", "torch.jit.script"});
  check(refusal("traced_attention.ts", "all"), "traced_attention.ts",
        {"traced", "aten::scaled_dot_product_attention with dropout_p = 0", "torch.jit.script"});
  check(refusal("half.ts", "all"), "half.ts", {"float32", "Half"});
  check(refusal("image_tower.ts", "from:layer"), "image_tower.ts",
        {"no layer", "conv1, bn1, layer1, layer2, unused", "found layer"});
  check(refusal("text_tower.ts", "from:blocks.1"), "text_tower.ts",
        {"position, embedding, layers, norm", "blocks.1"});
  // Too few values for a batch norm: TorchScript's many lines become one.
  TrainableScriptTower tower(pinned("image_tower.ts"), kImageDim, "all", "t");
  check(test::message_of<ConfigError>(
            [&] { tower.run(expected()["tokens"], ForwardMode::evaluation()); }),
        "image_tower.ts", {"does not run", "RuntimeError"});
}

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

TEST_CASE("a trial of training leaves the tower as it is, and scripted layers pass it") {
  TrainableScriptTower tower(pinned("image_tower.ts"), kImageDim, "all", "t");
  const NamedTensors buffers = tower.buffers();
  std::vector<at::Tensor> before;
  for (const auto& [name, buffer] : buffers) before.push_back(buffer.clone());
  tower.try_training(expected()["pixels"]);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(at::equal(buffers[i].second, before[i]));
  for (const auto& [name, parameter] : tower.parameters()) CHECK_FALSE(parameter.grad().defined());
  TrainableScriptTower layer(pinned("scripted_layer.ts"), kImageDim, "all", "t");
  CHECK_NOTHROW(layer.try_training(expected()["pixels"]));
}

TEST_CASE("a parameter that is not used gets a zero gradient, even if it is not finite") {
  TrainableScriptTower tower(pinned("image_tower.ts"), kImageDim, "all", "t");
  const DrawKeys draws = keys();
  const at::Tensor expected_BD =
      tower.run(expected()["pixels"], ForwardMode::training(draws)).detach();
  std::size_t unused = 0;
  for (auto& [name, parameter] : tower.parameters()) {
    if (!name.starts_with("t.unused")) continue;
    const at::NoGradGuard no_grad;
    parameter.fill_(std::numeric_limits<float>::infinity());
    ++unused;
  }
  CHECK(unused == 2);
  const at::Tensor features_BD = tower.run(expected()["pixels"], ForwardMode::training(draws));
  CHECK(at::equal(features_BD, expected_BD));
  features_BD.sum().backward();
  for (const auto& [name, parameter] : tower.parameters()) {
    if (!name.starts_with("t.unused")) continue;
    REQUIRE(parameter.grad().defined());
    CHECK(parameter.grad().abs().sum().item<double>() == 0);
  }
}

TEST_CASE("training lowers a loss and changes the named layers alone") {
  const test::TemporaryFolder folder;
  const auto model = load_model(trusted(variant(folder, "from:layer2", "from:layers.1")));
  CHECK(model->input_kind() == InputKind::kPixels);
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
