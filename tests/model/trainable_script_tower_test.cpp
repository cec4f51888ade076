#include "model/script/trainable_script_tower.h"

#include <ATen/core/grad_mode.h>

#include <limits>
#include <set>

#include "common/error.h"
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

std::set<std::string> names_of(const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) names.insert(name);
  return names;
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
