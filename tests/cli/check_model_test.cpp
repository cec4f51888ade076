// What is looked at of the models that are no OpenCLIP model before a job.
#include <catch2/catch.hpp>

#include "cli/preflight/mine_memory.h"
#include "cli/preflight/model_plan.h"
#include "common/json.h"
#include "job_inputs.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("the towers of a locked-towers model are looked for") {
  Job job;
  job.config.model = {};
  job.config.model.architecture = job.root().string();
  const std::string sha256 = cat("\"sha256\": \"", std::string(64, 'a'), "\"");
  publish_file(job.root() / "helip_model.json",
               cat(R"({"format": "helip_model/1", "kind": "locked_towers", "embed_dim": 2,
    "heads": {"hidden": 3}, "image_tower": {"file": "i.ts", "feature_dim": 5, )",
                   sha256, R"(, "preprocess": {"size": 4}},
    "text_tower": {"file": "t.ts", "feature_dim": 7, )",
                   sha256, R"(, "tokenizer": {"kind": "wordpiece", "file": "tokenizer.json", )",
                   sha256, R"(, "context_length": 8}}})"));
  publish_file(job.root() / "i.ts", "12345");
  publish_file(job.root() / "t.ts", "123");
  CHECK_THAT(job.refusal(), Contains("model.architecture") && Contains("tokenizer.json"));
  publish_file(job.root() / "tokenizer.json", "{}");
  CHECK_THAT(job.refusal(), Contains("model.trust_torchscript"));
  job.config.model.trust_torchscript = true;
  job.config.model.tokenizer = "vocabulary.txt.gz";
  CHECK_THAT(job.refusal(), StartsWith("model.tokenizer: a model of two towers brings its"));
  job.config.model.tokenizer.clear();
  job.config.encoder.source = config::EncoderSource::kTowers;
  CHECK(job.refusal().empty());

  const ModelPlan plan = plan_model(model::find_architecture(job.root().string(), {}));
  CHECK_FALSE(plan.inputs_taken.any(model::InputKind::kRaw));
  // Per head: a hidden layer and an output layer, each with its bias; and logit_scale.
  CHECK(plan.parameters == (3 * 5 + 3 + 2 * 3 + 2) + (3 * 7 + 3 + 2 * 3 + 2) + 1);
  CHECK(plan.tower_bytes == 8);

  // The towers' features have no joint space for a positive-aware margin; the model's embeddings
  // do.
  job.config.mining.relative_margin = 0.05;
  CHECK_THAT(job.refusal(jobs::Stage::kEncode),
             Contains("mining.relative_margin") && Contains("widths 5 and 7"));
  job.config.mining.absolute_margin = 0.0;
  CHECK_THAT(job.refusal(), Contains("mining.absolute_margin"));
  job.config.encoder.source = config::EncoderSource::kModel;
  CHECK(job.refusal().empty());
  job.config.encoder.source = config::EncoderSource::kTowers;
  job.config.train.hard_pairs = config::HardPairs::kRandom;
  CHECK(job.refusal().empty());
}

TEST_CASE("a model over given features needs its files and no evaluation, and no trust") {
  Job job;
  job.config.model = {};
  job.config.model.architecture = job.root().string();
  const std::string sha256 = cat("\"sha256\": \"", std::string(64, 'a'), "\"");
  publish_file(
      job.root() / "helip_model.json",
      cat(R"({"format": "helip_model/1", "kind": "features", "embed_dim": 2,
    "corpus_fingerprint": "f00d", "heads": {"hidden": 3},
    "image_tower": {"features": "img_emb", "feature_dim": 5, )",
          sha256, R"(}, "text_tower": {"features": "t.npy", "feature_dim": 7, )", sha256, "}}"));
  CHECK_THAT(job.refusal(), Contains("model.architecture") && Contains("img_emb"));
  fs::create_directories(job.root() / "img_emb");
  job.write_rows("img_emb/img_emb_0.npy", 6, 5);
  job.write_rows("t.npy", 5, 7);
  CHECK_THAT(job.refusal(), Contains("features differ in their rows") && Contains("6 rows"));
  job.write_rows("t.npy", 6, 4);
  CHECK_THAT(job.refusal(), Contains("t.npy") && Contains("another width") && Contains("found 4"));
  job.write_rows("t.npy", 6, 7);
  CHECK_THAT(job.refusal(), Contains("eval.datasets") && Contains("cannot embed new images"));
  job.config.eval.datasets.clear();
  CHECK(job.refusal().empty());
  const ModelPlan plan = plan_model(model::find_architecture(job.root().string(), {}));
  CHECK_FALSE(plan.inputs_taken.any(model::InputKind::kRaw));
  CHECK(plan.tower_bytes == 0);
  CHECK(plan.pixels + plan.tokens == 0);
  CHECK(embedding_widths(job.config).image == 2);
}

TEST_CASE("towers that are trained have no features to mine with, and count as parameters") {
  Job job;
  const fs::path towers = fs::path(HELIP_SOURCE_DIR) / "tests/golden/trained_towers";
  job.config.model = {};
  job.config.model.architecture = towers.string();
  CHECK_THAT(job.refusal(), Contains("model.trust_torchscript"));
  job.config.model.trust_torchscript = true;
  CHECK(job.refusal().empty());
  job.config.encoder.source = config::EncoderSource::kTowers;
  CHECK_THAT(job.refusal(), Contains("encoder.source"));
  const ModelPlan plan = plan_model(model::find_architecture(towers.string(), {}));
  CHECK(plan.inputs_taken == model::InputKinds{});
  CHECK(plan.tower_bytes == 0);
  CHECK(plan.parameters > fs::file_size(towers / "image_tower.ts") / 4);
}

TEST_CASE(
    "of a mixed pair the frozen tower is no parameter, and both are needed to mine with features") {
  Job job;
  const fs::path towers = fs::path(HELIP_SOURCE_DIR) / "tests/golden/trained_towers";
  fs::copy(towers, job.root() / "mixed");
  Json json = Json::parse(read_text_file(towers / "helip_model.json"));
  json["text_tower"]["train"] = "none";
  json["text_tower"]["head"] = {{"hidden", 3}};
  publish_file(job.root() / "mixed/helip_model.json", json.dump());
  job.config.model = {};
  job.config.model.architecture = (job.root() / "mixed").string();
  job.config.model.trust_torchscript = true;
  CHECK(job.refusal().empty());
  job.config.encoder.source = config::EncoderSource::kTowers;
  CHECK_THAT(job.refusal(), Contains("encoder.source") && Contains("two frozen towers"));
  const ModelPlan plan = plan_model(model::find_architecture((job.root() / "mixed").string(), {}));
  CHECK(plan.inputs_taken == model::InputKinds{.text = model::InputKind::kFeatures});
  CHECK(plan.image_features == 0);
  CHECK(plan.text_features == 6);
  CHECK(plan.tower_bytes == fs::file_size(towers / "text_tower.ts"));
  CHECK(plan.pixels == 3 * 16 * 16);
  const std::uint64_t heads = (12 * 10 + 12 + 8 * 12 + 8) + (3 * 6 + 3 + 8 * 3 + 8) + 1;
  CHECK(plan.parameters == heads + fs::file_size(towers / "image_tower.ts") / 4);
}

TEST_CASE("a self-supervised term is for models with SLIP's head") {
  Job job;
  job.config.model.init = "random";
  job.config.slip.ssl_on = config::SslImages::kAll;
  CHECK_THAT(job.refusal(), Contains("slip") && Contains("no self-supervised head") &&
                                Contains("found") && Contains("helip-test-tiny"));
  const std::string models = std::string(HELIP_SOURCE_DIR) + "/configs/models/";
  job.config.model.architecture = models + "CLIP_VITS16.json";
  CHECK_THAT(job.refusal(), Contains("no self-supervised head"));
  job.config.model.architecture = models + "SLIP_VITS16.json";
  CHECK(job.refusal().empty());
  job.config.model.architecture = models + "CLIP_VITS16.json";
  job.config.slip = {};
  CHECK(job.refusal().empty());
}

}  // namespace
}  // namespace helip::cli
