// OpenCLIP's towers beside golden files that OpenCLIP made with the same weights.
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/matmul.h>

#include <cstdlib>

#include "common/digest.h"
#include "common/error.h"
#include "golden_file.h"
#include "golden_formula.h"
#include "golden_tensors.h"
#include "model/clip/clip_model.h"
#include "support/skip.h"
#include "support/temporary_folder.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kRows = 3;

ClipArchitecture architecture_of(const fs::path& file) {
  return parse_open_clip_config(test::read_text(file), file.string()).architecture;
}

std::unique_ptr<Model> model_of(const ClipArchitecture& architecture) {
  data::PreprocessConfig preprocess;
  preprocess.size = static_cast<int>(architecture.vision.image_size);
  // The formula gives all weights but fixed positions, which only a seed makes.
  const auto seed =
      architecture.vision.fixed_positions ? std::optional<std::uint64_t>(1) : std::nullopt;
  auto model =
      make_clip_model(architecture, preprocess, std::make_unique<test::NoTokenizer>(), seed);
  test::fill_model(*model);
  return model;
}

fs::path golden_architecture(const std::string& name) {
  return test::golden("architectures") / (name + ".json");
}

at::Tensor texts_of(const ClipArchitecture& architecture, std::int64_t rows) {
  return test::formula_tokens(rows, architecture.text.context_length, architecture.text.vocab_size);
}

at::Tensor images_of(const ClipArchitecture& architecture, std::int64_t rows) {
  return test::formula_images(rows, architecture.vision.image_size);
}

at::Tensor unit(const at::Tensor& rows_BD) { return rows_BD.div(rows_BD.norm(2, -1, true)); }

at::Tensor logits(Model& model, const at::Tensor& images, const at::Tensor& texts,
                  ForwardMode mode) {
  return at::matmul(model.embed_images(images, mode), model.embed_texts(texts, mode).t())
      .mul(model.logit_scale().exp());
}

at::Tensor clip_loss(const at::Tensor& logits_BB) {
  const at::Tensor target = at::arange(logits_BB.size(0), at::kLong);
  return at::cross_entropy_loss(logits_BB, target)
      .add(at::cross_entropy_loss(logits_BB.t(), target))
      .div(2);
}

DrawKeys keys_of(std::uint64_t rows) {
  DrawKeys keys{.seed = 5, .epoch = 1, .sample = {}, .slot = {}};
  for (std::uint64_t row = 0; row < rows; ++row) {
    keys.sample.push_back(100 + row);
    keys.slot.push_back(row);
  }
  return keys;
}

void check_parity(const fs::path& folder, const std::string& name) {
  INFO(name);
  const ClipArchitecture architecture = architecture_of(folder / (name + ".json"));
  const test::GoldenTensors expected(folder / (name + ".safetensors"));
  const auto model = model_of(architecture);
  const at::NoGradGuard no_grad;
  const at::Tensor images = images_of(architecture, kRows);
  const at::Tensor texts = texts_of(architecture, kRows);
  const double image_error = test::max_difference(
      model->embed_images(images, ForwardMode::evaluation()), unit(expected["image_features"]));
  const double text_error = test::max_difference(
      model->embed_texts(texts, ForwardMode::evaluation()), unit(expected["text_features"]));
  const double logit_error = test::max_difference(
      logits(*model, images, texts, ForwardMode::evaluation()), expected["logits"]);
  INFO("errors " << image_error << " " << text_error << " " << logit_error);
  CHECK(image_error < 1e-4);
  CHECK(text_error < 1e-4);
  CHECK(logit_error < 1e-4);
}

std::unique_ptr<Model> tiny_resnet() {
  return model_of(architecture_of(golden_architecture("tiny_resnet")));
}

at::Tensor named(Model& model, const std::string& name) {
  for (const auto& [own, tensor] : model.state()) {
    if (own == name) return tensor;
  }
  FAIL("no tensor " << name);
  return {};
}

}  // namespace

TEST_CASE("features and logits of OpenCLIP's named models equal OpenCLIP's") {
  for (const char* name : {"ViT-B-32", "ViT-B-16-quickgelu", "ViT-S-16", "ViT-L-14", "RN50"}) {
    check_parity(test::golden("architectures"), name);
  }
}

TEST_CASE("features and logits equal OpenCLIP's with every option of the towers") {
  for (const char* name : {"average_pool", "fixed_positions", "projection_bias", "tiny_resnet"}) {
    check_parity(test::golden("architectures"), name);
  }
}

// By itself: a full-size model takes gigabytes of memory.
TEST_CASE("features and logits of full-size models equal OpenCLIP's", "[.][full]") {
  const char* folder = std::getenv("HELIP_FULL_GOLDEN");
  if (folder == nullptr) {
    return test::skip(
        "HELIP_FULL_GOLDEN names no folder of full-size models (python "
        "tests/golden/architectures/make.py FOLDER NAME… writes one)");
  }
  std::size_t models = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    check_parity(folder, entry.path().stem().string());
    ++models;
  }
  CHECK(models > 0);
}

TEST_CASE("a ModifiedResNet in training has PyTorch's gradients and running statistics") {
  const ClipArchitecture architecture = architecture_of(golden_architecture("tiny_resnet"));
  const test::GoldenTensors expected(test::golden("architectures/training.safetensors"));
  const auto norms = test::read_json(test::golden("architectures/training.json"));
  const auto model = tiny_resnet();
  const DrawKeys keys = keys_of(4);
  const at::Tensor loss = clip_loss(logits(*model, images_of(architecture, 4),
                                           texts_of(architecture, 4), ForwardMode::training(keys)));
  loss.backward();
  CHECK(loss.item<double>() == Approx(expected["loss"].item<double>()).epsilon(1e-5));
  REQUIRE(model->parameters().size() == norms.size());
  for (const auto& [name, parameter] : model->parameters()) {
    INFO(name);
    const double norm = parameter.grad().to(at::kDouble).norm().item<double>();
    CHECK(norm == Approx(norms.at(name).get<double>()).epsilon(1e-3).margin(1e-6));
  }
  for (const std::string& name : expected.names("gradient.")) {
    INFO(name);
    CHECK(test::distance(named(*model, name).grad(), expected["gradient." + name]) < 1e-4);
  }
  std::size_t buffers = 0;
  for (const std::string& name : expected.names("buffer.")) {
    INFO(name);
    CHECK(test::max_difference(named(*model, name), expected["buffer." + name]) < 1e-5);
    ++buffers;
  }
  CHECK(buffers + model->parameters().size() == model->state().size());
}

TEST_CASE("evaluation neither uses the batch's statistics nor changes the running ones") {
  const auto model = tiny_resnet();
  const at::NoGradGuard no_grad;
  const std::string before = model->towers_digest();
  const at::Tensor images = test::formula_images(4, 64);
  const at::Tensor together = model->embed_images(images, ForwardMode::evaluation());
  const at::Tensor alone = model->embed_images(images.narrow(0, 1, 1), ForwardMode::evaluation());
  CHECK(test::max_difference(alone, together.narrow(0, 1, 1)) < 1e-5);
  CHECK(model->towers_digest() == before);
  const DrawKeys keys = keys_of(4);
  CHECK(test::max_difference(model->embed_images(images, ForwardMode::training(keys)), together) >
        1e-3);
  CHECK(model->towers_digest() != before);
}

TEST_CASE("running statistics are saved, loaded and checked with the weights") {
  const test::TemporaryFolder folder;
  const auto model = tiny_resnet();
  const DrawKeys keys = keys_of(4);
  model->embed_images(test::formula_images(4, 64), ForwardMode::training(keys));
  CHECK(named(*model, "visual.bn1.num_batches_tracked").item<std::int64_t>() == 8);
  model->save(folder.path() / "model");
  const fs::path file = folder.path() / "model/open_clip_model.safetensors";
  const auto again = tiny_resnet();
  CHECK(again->towers_digest() != model->towers_digest());
  load_weights(*again, file);
  CHECK(again->towers_digest() == model->towers_digest());
  const ClipArchitecture saved = architecture_of(folder.path() / "model/open_clip_config.json");
  CHECK(saved == architecture_of(golden_architecture("tiny_resnet")));

  const auto damaged = [&](const auto& change) {
    const auto weights = store::SafetensorsFile::open(file);
    auto tensors = weights.tensors();
    change(tensors);
    store::write_safetensors(folder.path() / "damaged.safetensors", tensors, {});
    return test::message_of<ConfigError>(
        [&] { load_weights(*again, folder.path() / "damaged.safetensors"); });
  };
  CHECK(damaged([](auto& all) {
          all.erase("visual.bn2.running_var");
        }).find("'visual.bn2.running_var' is missing") != std::string::npos);
  CHECK(damaged([](auto& all) {
          all["visual.bn2.num_batches_tracked"] = all["logit_scale"];
        }).find("I64") != std::string::npos);
  CHECK(again->towers_digest() == model->towers_digest());
}

TEST_CASE("fixed positions are no parameters, but part of the weights") {
  const auto model = model_of(architecture_of(golden_architecture("fixed_positions")));
  CHECK(model->state().size() == model->parameters().size() + 1);
  for (const auto& [name, parameter] : model->parameters()) {
    CHECK(name != "visual.positional_embedding");
  }
}

TEST_CASE("a transformer's embeddings have the same bits for any number of threads") {
  const int threads = at::get_num_threads();
  const at::NoGradGuard no_grad;
  for (const char* name : {"average_pool", "fixed_positions", "projection_bias", "ViT-S-16"}) {
    INFO(name);
    const ClipArchitecture architecture = architecture_of(golden_architecture(name));
    const auto model = model_of(architecture);
    at::set_num_threads(1);
    const at::Tensor alone = logits(*model, images_of(architecture, kRows),
                                    texts_of(architecture, kRows), ForwardMode::evaluation());
    for (const int count : {2, 5}) {
      at::set_num_threads(count);
      CHECK(at::equal(logits(*model, images_of(architecture, kRows), texts_of(architecture, kRows),
                             ForwardMode::evaluation()),
                      alone));
    }
  }
  at::set_num_threads(threads);
}

TEST_CASE("a ModifiedResNet gives the same bits every time, forward and backward") {
  std::vector<at::Tensor> first;
  const ClipArchitecture architecture = architecture_of(golden_architecture("tiny_resnet"));
  for (int round = 0; round < 3; ++round) {
    const auto model = tiny_resnet();
    const DrawKeys keys = keys_of(4);
    clip_loss(logits(*model, images_of(architecture, 4), texts_of(architecture, 4),
                     ForwardMode::training(keys)))
        .backward();
    std::vector<at::Tensor> results;
    for (const auto& [name, tensor] : model->state()) {
      results.push_back(tensor.requires_grad() ? tensor.grad() : tensor);
    }
    if (round == 0) first = results;
    for (std::size_t i = 0; i < results.size(); ++i) CHECK(at::equal(results[i], first[i]));
  }
}

TEST_CASE("a batch norm does not train on one value per channel") {
  const auto model = tiny_resnet();
  const DrawKeys keys = keys_of(1);
  ClipArchitecture smallest = architecture_of(golden_architecture("tiny_resnet"));
  smallest.vision.image_size = 32;
  const auto one_cell = model_of(smallest);
  CHECK_THROWS_AS(one_cell->embed_images(test::formula_images(1, 32), ForwardMode::training(keys)),
                  DataError);
  CHECK_NOTHROW(one_cell->embed_images(test::formula_images(1, 32), ForwardMode::evaluation()));
  CHECK_THROWS_AS(model->embed_images(test::formula_images(1, 32), ForwardMode::evaluation()),
                  DataError);
}

TEST_CASE("patch dropout leaves patches out in training, by the row's keys alone") {
  ClipArchitecture architecture = architecture_of(golden_architecture("average_pool"));
  const auto whole = model_of(architecture);
  architecture.vision.patch_dropout = 0.5;
  const auto model = model_of(architecture);
  const at::NoGradGuard no_grad;
  const at::Tensor images = images_of(architecture, 3);
  CHECK(at::equal(model->embed_images(images, ForwardMode::evaluation()),
                  whole->embed_images(images, ForwardMode::evaluation())));
  const DrawKeys keys = keys_of(3);
  const at::Tensor dropped = model->embed_images(images, ForwardMode::training(keys));
  CHECK(test::max_difference(dropped, whole->embed_images(images, ForwardMode::training(keys))) >
        1e-3);
  DrawKeys last = keys;
  last.sample.erase(last.sample.begin(), last.sample.begin() + 2);
  last.slot.erase(last.slot.begin(), last.slot.begin() + 2);
  CHECK(
      test::max_difference(model->embed_images(images.narrow(0, 2, 1), ForwardMode::training(last)),
                           dropped.narrow(0, 2, 1)) < 1e-5);
  CHECK_THROWS_AS(model->embed_images(images, ForwardMode::training(last)), Error);
}
