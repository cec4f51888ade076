#include "model/clip/clip_model.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/matmul.h>

#include <limits>
#include <map>
#include <span>

#include "check_layer_groups.h"
#include "common/digest.h"
#include "common/error.h"
#include "golden_file.h"
#include "golden_tensors.h"
#include "model/files/clip_architecture.h"
#include "model/model.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "weights/torch_checkpoint.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

const test::GoldenTensors& expected() {
  static const test::GoldenTensors tensors(test::golden("open_clip_model/expected.safetensors"));
  return tensors;
}

fs::path golden_weights() { return test::golden("open_clip_model/weights.safetensors"); }

std::unique_ptr<Model> tiny(bool quick_gelu, std::uint64_t seed = 0) {
  OpenClipConfig config = parse_open_clip_config(
      test::read_text(test::golden("open_clip_model/config.json")), "config.json");
  config.architecture.quick_gelu = quick_gelu;
  return make_clip_model(config.architecture, config.preprocess,
                         std::make_unique<test::NoTokenizer>(), seed);
}

at::Tensor logits(Model& model) {
  const at::Tensor images_BD = model.embed_images(expected()["images"], ForwardMode::evaluation());
  const at::Tensor texts_BD = model.embed_texts(expected()["tokens"], ForwardMode::evaluation());
  return at::matmul(images_BD, texts_BD.t()).mul(model.logit_scale().exp());
}

at::Tensor loss(Model& model) {
  const at::Tensor logits_BB = logits(model);
  const at::Tensor target = at::arange(logits_BB.size(0), at::kLong);
  return at::cross_entropy_loss(logits_BB, target)
      .add(at::cross_entropy_loss(logits_BB.t(), target))
      .div(2);
}

// The golden weights with a change, written to `file`.
template <typename Change>
void damaged_weights(const fs::path& file, Change&& change) {
  const auto weights = store::SafetensorsFile::open(golden_weights());
  auto tensors = weights.tensors();
  change(tensors);
  store::write_safetensors(file, tensors, {});
}

}  // namespace

TEST_CASE("features, logits and loss equal OpenCLIP's for the same weights") {
  for (const bool quick_gelu : {false, true}) {
    const std::string prefix = quick_gelu ? "quick_gelu." : "gelu.";
    INFO(prefix);
    const auto model = tiny(quick_gelu);
    load_weights(*model, golden_weights());
    const at::NoGradGuard no_grad;
    const at::Tensor images_BD =
        model->embed_images(expected()["images"], ForwardMode::evaluation());
    const at::Tensor texts_BD = model->embed_texts(expected()["tokens"], ForwardMode::evaluation());
    CHECK(test::max_difference(images_BD, expected()[prefix + "image_features"]) < 1e-5);
    CHECK(test::max_difference(texts_BD, expected()[prefix + "text_features"]) < 1e-5);
    CHECK(test::max_difference(logits(*model), expected()[prefix + "logits"]) < 1e-5);
    CHECK(loss(*model).item<float>() ==
          Approx(expected()[prefix + "loss"].item<float>()).epsilon(1e-5));
  }
  // The two activations differ by far more than the tolerance.
  CHECK(test::max_difference(expected()["gelu.logits"], expected()["quick_gelu.logits"]) > 1e-3);
}

TEST_CASE("gradients equal PyTorch's for OpenCLIP's model") {
  const auto golden = test::read_json(test::golden("open_clip_model/parameters.json"));
  for (const bool quick_gelu : {false, true}) {
    const auto& norms = golden.at("gradient_norms").at(quick_gelu ? "quick_gelu" : "gelu");
    const auto model = tiny(quick_gelu);
    load_weights(*model, golden_weights());
    loss(*model).backward();
    REQUIRE(model->parameters().size() == norms.size());
    for (const auto& [name, parameter] : model->parameters()) {
      INFO(name);
      REQUIRE(parameter.grad().defined());
      CHECK(parameter.grad().to(at::kDouble).norm().item<double>() ==
            Approx(norms.at(name).get<double>()).epsilon(1e-4));
    }
    if (quick_gelu) continue;
    for (const std::string& name : expected().names("gelu.gradient.")) {
      INFO(name);
      for (const auto& [own, parameter] : model->parameters()) {
        if (own == name) {
          CHECK(test::distance(parameter.grad(), expected()["gelu.gradient." + name]) < 1e-4);
        }
      }
    }
  }
}

TEST_CASE("forward and backward give the same bits every time") {
  std::vector<at::Tensor> first;
  for (int round = 0; round < 3; ++round) {
    const auto model = tiny(false, 3);
    loss(*model).backward();
    std::vector<at::Tensor> gradients;
    for (const auto& [name, parameter] : model->parameters()) {
      gradients.push_back(parameter.grad());
    }
    if (round == 0) first = gradients;
    for (std::size_t i = 0; i < gradients.size(); ++i) CHECK(at::equal(gradients[i], first[i]));
  }
}

TEST_CASE("a text's embedding does not depend on what follows its end token") {
  const auto model = tiny(false, 3);
  const at::NoGradGuard no_grad;
  const at::Tensor tokens_BL = expected()["tokens"];
  at::Tensor other_BL = tokens_BL.clone();
  other_BL.select(0, 0).narrow(0, 2, 14).fill_(7);  // row 0 ends at position 1
  const at::Tensor before_BD = model->embed_texts(tokens_BL, ForwardMode::evaluation());
  const at::Tensor after_BD = model->embed_texts(other_BL, ForwardMode::evaluation());
  CHECK(test::max_difference(after_BD, before_BD) < 1e-6);
  other_BL.select(0, 0).select(0, 0).fill_(7);  // but on what comes before it
  CHECK(test::max_difference(model->embed_texts(other_BL, ForwardMode::evaluation()), before_BD) >
        1e-4);
}

TEST_CASE("initial weights follow from the seed") {
  const auto digest = [](std::uint64_t seed) { return tiny(false, seed)->towers_digest(); };
  CHECK(digest(1) == digest(1));
  CHECK(digest(1) != digest(2));
  CHECK(tiny(false, 1)->towers_digest() != tiny(true, 1)->towers_digest());
}

TEST_CASE("weights survive saving and loading to the byte") {
  const test::TemporaryFolder folder;
  const auto model = tiny(false);
  load_weights(*model, golden_weights());
  save_weights(*model, folder.path() / "a.safetensors");
  const auto other = tiny(false, 99);
  load_weights(*other, folder.path() / "a.safetensors");
  save_weights(*other, folder.path() / "b.safetensors");
  CHECK(sha256_file(folder.path() / "a.safetensors") ==
        sha256_file(folder.path() / "b.safetensors"));
  CHECK(other->towers_digest() == model->towers_digest());
  const auto golden = store::SafetensorsFile::open(golden_weights());
  const auto saved = store::SafetensorsFile::open(folder.path() / "b.safetensors");
  REQUIRE(saved.tensors().size() == golden.tensors().size());
  for (const auto& [name, view] : golden.tensors()) {
    CHECK(std::equal(view.data.begin(), view.data.end(), saved.tensors().at(name).data.begin()));
  }
}

TEST_CASE("a model does not change when its file does") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "w.safetensors";
  fs::copy_file(golden_weights(), file);
  const auto model = tiny(false);
  load_weights(*model, file);
  const std::string before = model->towers_digest();
  std::string bytes = test::read_text(file);
  std::fill(bytes.end() - 100000, bytes.end(), '\0');
  test::write_text(file, bytes);
  CHECK(model->towers_digest() == before);
}

TEST_CASE("half-precision weights are widened") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "half.safetensors";
  const std::uint16_t half = 0x3E00;   // 1.5 in binary16
  const std::uint16_t brain = 0x4040;  // 3 in bfloat16
  const std::vector<std::uint16_t> halves(48, half);
  const std::vector<std::uint16_t> brains(48, brain);
  damaged_weights(file, [&](auto& tensors) {
    tensors["visual.ln_pre.weight"] = {"F16", {48}, std::as_bytes(std::span(halves))};
    tensors["visual.ln_pre.bias"] = {"BF16", {48}, std::as_bytes(std::span(brains))};
  });
  const auto model = tiny(false);
  load_weights(*model, file);
  for (const auto& [name, parameter] : model->parameters()) {
    if (name == "visual.ln_pre.weight") CHECK(parameter.eq(1.5).all().item<bool>());
    if (name == "visual.ln_pre.bias") CHECK(parameter.eq(3).all().item<bool>());
  }
}

TEST_CASE("a checkpoint of torch.save gives the model that safetensors give") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(golden_weights());
  const auto expected = tiny(false);
  load_weights(*expected, golden_weights());
  for (const char* prefix : {"", "module."}) {
    const fs::path file = folder.path() / "w.pt";
    weights::write_torch_checkpoint(
        file, {.prefix = prefix, .tensors = {golden.tensors().begin(), golden.tensors().end()}});
    const auto model = tiny(false);
    load_weights(*model, file);
    CHECK(model->towers_digest() == expected->towers_digest());
  }
}

TEST_CASE("weights of another model are refused by tensor and change nothing") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "w.safetensors";
  const auto model = tiny(false, 5);
  const std::string before = model->towers_digest();
  const auto refusal = [&] {
    const std::string text = test::message_of<ConfigError>([&] { load_weights(*model, file); });
    CHECK(model->towers_digest() == before);
    return text;
  };
  damaged_weights(file, [](auto& tensors) { tensors.erase("visual.proj"); });
  std::string message = refusal();
  CHECK(message.find("'visual.proj' is missing") != std::string::npos);
  CHECK(message.find("[48, 24]") != std::string::npos);

  damaged_weights(file, [](auto& tensors) { tensors["visual.proj"].shape = {24, 48}; });
  message = refusal();
  CHECK(message.find("'visual.proj' has another shape") != std::string::npos);
  CHECK(message.find("[48, 24]") != std::string::npos);
  CHECK(message.find("[24, 48]") != std::string::npos);

  damaged_weights(file, [](auto& tensors) { tensors["extra"] = tensors["visual.proj"]; });
  CHECK(refusal().find("'extra' is surplus") != std::string::npos);

  damaged_weights(file, [](auto& tensors) { tensors["visual.proj"].dtype = "I32"; });
  CHECK(refusal().find("'visual.proj' has another dtype") != std::string::npos);

  const std::string whole = test::read_text(golden_weights());
  test::write_text(file, whole.substr(0, whole.size() - 4));
  CHECK_THROWS_AS(load_weights(*model, file), StoreError);
  fs::remove(file);
  CHECK_THROWS_AS(load_weights(*model, file), StoreError);
  CHECK(model->towers_digest() == before);
}

TEST_CASE("inputs of the wrong shape are refused") {
  const auto model = tiny(false);
  CHECK_THROWS_AS(model->embed_images(at::empty({2, 3, 32, 31}), ForwardMode::evaluation()),
                  DataError);
  CHECK_THROWS_AS(model->embed_images(at::empty({2, 1, 32, 32}), ForwardMode::evaluation()),
                  DataError);
  CHECK_THROWS_AS(model->embed_texts(at::empty({2, 15}, at::kLong), ForwardMode::evaluation()),
                  DataError);
  CHECK_THROWS_AS(model->embed_texts(at::empty({2, 16}, at::kFloat), ForwardMode::evaluation()),
                  DataError);
  CHECK_THROWS_AS(model->to("gpu0"), ConfigError);
  CHECK_NOTHROW(model->to("cpu"));
}

TEST_CASE("a CLIP model tells the layer groups of its towers; a ResNet is one group") {
  OpenClipConfig config = parse_open_clip_config(
      test::read_text(test::golden("open_clip_model/config.json")), "config.json");
  ClipArchitecture& shape = config.architecture;
  const auto groups_of = [&](std::size_t image, std::size_t text) {
    const auto model =
        make_clip_model(shape, config.preprocess, std::make_unique<test::NoTokenizer>(), 0);
    test::check_layer_groups(*model, image, text);
    return model->batch_norms().image;
  };
  const auto image = static_cast<std::size_t>(shape.vision.layers) + 2;
  const auto text = static_cast<std::size_t>(shape.text.layers) + 2;
  CHECK(groups_of(image, text).empty());
  shape.text.projection_bias = true;
  shape.vision.ls_init_value = 0.1;
  CHECK(groups_of(image, text).empty());
  // A group may be empty: what stands behind a layer does not change.
  shape.text.projection_bias = shape.text.projection = false;
  shape.text.width = shape.embed_dim;
  CHECK(groups_of(image, text).empty());

  const fs::path file = HELIP_SOURCE_DIR "/configs/models/RN50.json";
  const OpenClipConfig resnet = parse_open_clip_config(test::read_text(file), file.string());
  const auto model = make_clip_model(resnet.architecture, resnet.preprocess,
                                     std::make_unique<test::NoTokenizer>(), std::nullopt);
  test::check_layer_groups(*model, 1, 14);
  CHECK(model->batch_norms().image == "visual.bn1.running_mean");
  CHECK_THROWS_AS(model->feature_extractor("cpu"), ConfigError);
}

TEST_CASE("a model is loaded by name, saved, and loaded again as architecture and weights") {
  const test::TemporaryFolder folder;
  config::ModelConfig config;
  config.architecture = "helip-test-tiny";
  config.init_seed = 4;
  const auto model = load_model(config);
  CHECK(model->embed_dim() == 16);
  CHECK(model->preprocess().size == 32);
  CHECK(model->tokenizer().context_length() == 16);
  CHECK(model->input_kinds() == InputKinds{});
  const fs::path saved = folder.path() / "model";
  model->save(saved);
  CHECK_THROWS_AS(model->save(saved), StoreError);

  config.architecture = saved.string();
  config.init = saved.string();
  config.init_seed = 5;
  CHECK(load_model(config)->towers_digest() == model->towers_digest());
  config.architecture = "helip-test-tiny";
  CHECK(load_model(config)->towers_digest() == model->towers_digest());
  config.init = (saved / "open_clip_model.safetensors").string();
  CHECK(load_model(config)->towers_digest() == model->towers_digest());
  config.init = "random";
  CHECK(load_model(config)->towers_digest() != model->towers_digest());

  // Weights of a folder that says that it is another model.
  auto other = test::read_json(saved / "open_clip_config.json");
  other["model_cfg"]["quick_gelu"] = true;
  test::write_text(saved / "open_clip_config.json", other.dump());
  config.init = saved.string();
  const std::string message = test::message_of<ConfigError>([&] { load_model(config); });
  CHECK(message.find("quick_gelu") != std::string::npos);
  config.architecture = "helip-ViT-Ti-16-64";
  config.init = (saved / "open_clip_model.safetensors").string();
  CHECK_THROWS_AS(load_model(config), ConfigError);
}

TEST_CASE("the preprocessing of a model folder counts where the architecture gives none") {
  const test::TemporaryFolder folder;
  config::ModelConfig config;
  config.architecture = "helip-test-tiny";
  const fs::path saved = folder.path() / "model";
  load_model(config)->save(saved);
  auto json = test::read_json(saved / "open_clip_config.json");
  json["preprocess_cfg"]["mean"] = {0.5, 0.5, 0.5};
  json["preprocess_cfg"]["resize_mode"] = "squash";
  test::write_text(saved / "open_clip_config.json", json.dump());
  config.init = saved.string();
  const auto model = load_model(config);
  CHECK(model->preprocess().mean[1] == 0.5F);
  CHECK(model->preprocess().resize_mode == "squash");
}

TEST_CASE("weights from elsewhere must be finite, and OpenAI's need QuickGELU") {
  const test::TemporaryFolder folder;
  config::ModelConfig config;
  config.architecture = "helip-test-tiny";
  const fs::path saved = folder.path() / "model";
  load_model(config)->save(saved);
  const auto good = store::SafetensorsFile::open(saved / "open_clip_model.safetensors");
  config.init = (folder.path() / "changed.safetensors").string();
  const auto refusal = [&](const std::map<std::string, store::TensorView>& tensors) {
    store::write_safetensors(config.init, tensors, {});
    return test::message_of<Error>([&] { load_model(config); });
  };

  auto tensors = good.tensors();
  const float infinite = std::numeric_limits<float>::infinity();
  tensors.at("logit_scale").data = std::as_bytes(std::span(&infinite, 1));
  CHECK(refusal(tensors).find("'logit_scale' has a value that is not finite") != std::string::npos);

  tensors = good.tensors();
  const std::int64_t number = 7;
  for (const char* name : {"input_resolution", "context_length"}) {
    tensors[name] = {.dtype = "I64", .data = std::as_bytes(std::span(&number, 1))};
  }
  CHECK(refusal(tensors).empty());  // not OpenAI's
  tensors["vocab_size"] = tensors.at("context_length");
  CHECK(refusal(tensors).find("expected helip-test-tiny-quickgelu as the architecture") !=
        std::string::npos);
}
