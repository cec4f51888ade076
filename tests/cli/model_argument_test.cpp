#include "cli/model_argument.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "common/error.h"
#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

const fs::path kGolden = fs::path(HELIP_SOURCE_DIR) / "tests/golden";

TEST_CASE("a model folder is architecture and weights at once") {
  const test::TemporaryFolder folder;
  fs::copy(kGolden / "open_clip_model/config.json", folder.path() / "open_clip_config.json");
  publish_file(folder.path() / "open_clip_model.safetensors", "");
  const auto model = resolve_model({.model = folder.path().string()});
  CHECK(model.architecture == folder.path());
  CHECK(model.init == folder.path());
  CHECK_FALSE(model.trust_torchscript);
}

TEST_CASE("untrained locked towers will do where the towers alone are asked") {
  const test::TemporaryFolder folder;
  fs::copy(kGolden / "locked_towers/helip_model.json", folder.path() / "helip_model.json");
  const ModelArgument argument{.model = folder.path().string(), .trust_torchscript = true};
  CHECK(resolve_model(argument, true).init == "random");
  CHECK(resolve_model(argument, true).trust_torchscript);
  CHECK_THROWS_WITH(resolve_model(argument, false),
                    StartsWith("--model: no weights there") && Contains("heads.safetensors"));
  publish_file(folder.path() / "heads.safetensors", "");
  CHECK(resolve_model(argument, true).init == folder.path());
  CHECK(resolve_model(argument, false).init == folder.path());
}

TEST_CASE("a checkpoint takes its architecture from its work directory") {
  const test::TemporaryFolder folder;
  publish_file(folder.path() / "config.yaml",
               "corpus: {path: c}\nmodel: {architecture: ViT-B-16, name: tuned}\n"
               "train: {steps: 10}\n");
  const fs::path step = folder.path() / "checkpoints" / "seed-1" / "step-00000010";
  publish_file(step / "model.safetensors", "");
  const auto model = resolve_model({.model = step.string()});
  CHECK(model.architecture == "ViT-B-16");
  CHECK(model.name == "tuned");
  CHECK(model.init == step);
  CHECK(resolve_model({.model = step.string(), .model_config = "ViT-B-32"}).architecture ==
        "ViT-B-32");
  const fs::path config = folder.path() / "config.yaml";
  publish_file(config, "corpus: {path: c}\nmodel: {architecture: ViT-B-0}\ntrain: {steps: 10}\n");
  CHECK_THROWS_WITH(resolve_model({.model = step.string()}),
                    StartsWith("model.architecture of " + config.string() + ": no such model"));
}

TEST_CASE("a model that is not there or says nothing of its architecture is refused") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_WITH(resolve_model({.model = (folder.path() / "none").string()}),
                    Contains("--model") && Contains("none"));
  const std::string weights = (kGolden / "store/small.safetensors").string();
  CHECK_THROWS_WITH(resolve_model({.model = weights}), Contains("--model-config"));
  CHECK_THROWS_WITH(resolve_model({.model = weights, .model_config_option = "--other"}),
                    Contains("--other"));
  const auto model = resolve_model({.model = weights, .model_config = "ViT-B-16"});
  CHECK(model.init == weights);
  CHECK(model.architecture == "ViT-B-16");
}

TEST_CASE("what holds no weights is refused by the option that named it") {
  const test::TemporaryFolder folder;
  const fs::path text = folder.path() / "notes.md";
  publish_file(text, "text");
  fs::copy(kGolden / "open_clip_model/config.json", folder.path() / "open_clip_config.json");
  for (const ModelArgument& argument :
       {ModelArgument{.model = text.string()},
        ModelArgument{.model = text.string(), .model_config = "ViT-B-32"},
        ModelArgument{.model = folder.path().string()},
        ModelArgument{.model = folder.path().string(), .model_config = "ViT-B-32"}}) {
    CAPTURE(argument.model, argument.model_config);
    CHECK_THROWS_WITH(resolve_model(argument),
                      StartsWith("--model: no weights there; expected a file (.safetensors, ") &&
                          Contains("found " + argument.model));
  }
  CHECK_THROWS_WITH(resolve_model({.model = text.string(), .model_option = "IN"}),
                    StartsWith("IN: no weights there"));
  const std::string weights = (kGolden / "store/small.safetensors").string();
  CHECK_THROWS_WITH(resolve_model({.model = weights, .model_config = "ViT-B-0"}),
                    StartsWith("--model-config: no such model") && Contains("ViT-B-0"));
}

TEST_CASE("towers that are code are run by no command without its option") {
  config::ModelConfig model;
  model.architecture = (kGolden / "locked_towers").string();
  CHECK_THROWS_WITH(expect_trust(model), Contains("locked_towers: ") &&
                                             Contains("expected --trust-torchscript, if") &&
                                             !Contains("model.trust_torchscript"));
  model.trust_torchscript = true;
  CHECK_NOTHROW(expect_trust(model));
  model = {};
  model.architecture = (kGolden / "open_clip_model/config.json").string();
  CHECK_NOTHROW(expect_trust(model));
}

TEST_CASE("a SLIP checkpoint tells its own architecture") {
  CHECK(resolve_model({.model = kGolden / "checkpoints/slip.pt"}).architecture == "SLIP_VITS16");
}

}  // namespace
}  // namespace helip::cli
