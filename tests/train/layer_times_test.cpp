#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/json.h"
#include "common/publish.h"
#include "support/temporary_folder.h"
#include "train/log/layer_times_log.h"
#include "train/small_job.h"
#include "train/train_job.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;
using Json;

std::vector<json> lines_of(const fs::path& file) {
  std::vector<json> found;
  if (!fs::exists(file)) return found;
  std::istringstream lines(read_text_file(file));
  for (std::string line; std::getline(lines, line);) found.push_back(json::parse(line));
  return found;
}

// Trains into a folder of its own and times every `every`-th step. Returns the lines of
// layer_times.jsonl.
std::vector<json> train(TrainSpec& spec, const fs::path& folder, std::uint64_t every) {
  spec.checkpoint_folder = folder / "checkpoints";
  spec.metrics_file = folder / "metrics.jsonl";
  spec.events_folder.clear();
  spec.model_folder = folder / "model";
  spec.config.train.time_layers_every = every;
  const auto alone = comm::open_group("local", "cpu", 60);
  run_train_job(spec, *alone, {});
  return lines_of(folder / "layer_times.jsonl");
}

std::vector<double> losses(const TrainSpec& spec) {
  std::vector<double> found;
  for (const json& line : lines_of(spec.metrics_file)) found.push_back(line.at("loss"));
  return found;
}

std::string weights(const TrainSpec& spec) {
  const fs::path last = test::last_checkpoint(spec);
  return sha256_file(last / "model.safetensors") + sha256_file(last / "optimizer.safetensors");
}

using Names = std::vector<std::string>;

Names names_of(const json& line) {
  Names names;
  for (const json& layer : line.at("layers")) names.push_back(layer.at("name"));
  return names;
}

const Names kViT = {"visual.embedding", "visual.blocks.0", "visual.blocks.1", "visual.head",
                    "text.embedding",   "text.blocks.0",   "text.blocks.1",   "text.head"};

// Layers that train took time both ways, all of them no more than the step.
void check_sums(const json& line, const Names& without_backward = {}) {
  INFO(line.dump());
  double forward = 0;
  double backward = 0;
  for (const json& layer : line.at("layers")) {
    const bool trains = std::find(without_backward.begin(), without_backward.end(),
                                  layer.at("name")) == without_backward.end();
    CHECK(layer.at("forward").get<double>() > 0);
    CHECK((layer.at("backward").get<double>() > 0) == trains);
    forward += layer.at("forward").get<double>();
    backward += layer.at("backward").get<double>();
  }
  double step = 0;
  for (const char* part : {"forward", "loss", "backward", "averaging", "optimizer"}) {
    step += line.at(part).get<double>();
  }
  CHECK(forward + backward <= step);
  CHECK(backward <= line.at("backward").get<double>() + line.at("averaging").get<double>());
}

// Trains with and without timing and compares all bits.
std::vector<json> check_unchanged(TrainSpec spec, const fs::path& folder) {
  CHECK(train(spec, folder / "plain", 0).empty());
  const std::vector<double> expected = losses(spec);
  const std::string expected_weights = weights(spec);
  const std::vector<json> lines = train(spec, folder / "timed", 3);
  CHECK(losses(spec) == expected);
  CHECK(weights(spec) == expected_weights);
  REQUIRE(lines.size() == spec.config.train.steps / 3);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].at("seed") == spec.seed);
    CHECK(lines[i].at("step") == 3 * (i + 1));
  }
  return lines;
}

TEST_CASE("a ViT's layers are timed in their order, with the bits of a run that times nothing") {
  const test::TemporaryFolder folder;
  for (const json& line :
       check_unchanged(test::small_pixel_job(folder.path()), folder.path() / "out")) {
    CHECK(names_of(line) == kViT);
    check_sums(line);
    CHECK(line.at("layers").size() == 8);
    double forward = 0;
    for (const json& layer : line.at("layers")) forward += layer.at("forward").get<double>();
    CHECK(forward <= line.at("forward").get<double>());
  }
}

TEST_CASE("passes in parts and blocks that are computed again count in the sums") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_pixel_job(folder.path());
  spec.config.train.accum_freq = 2;
  spec.config.train.grad_checkpointing = true;
  spec.config.train.lock_image = true;
  spec.config.train.lock_image_unlocked_groups = 2;  // the last block and the projection
  for (const json& line : check_unchanged(spec, folder.path() / "out")) {
    CHECK(names_of(line) == kViT);
    check_sums(line, {"visual.embedding", "visual.blocks.0"});
  }
}

TEST_CASE("a ModifiedResNet's stages are timed as layers") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_pixel_job(folder.path());
  spec.config.model.architecture = (folder.path() / "resnet.json").string();
  publish_file(spec.config.model.architecture, R"({"embed_dim": 24,
    "vision_cfg": {"image_size": 64, "width": 8, "head_width": 32, "layers": [1, 2, 1, 1],
                   "patch_size": null},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 32, "heads": 2,
                 "layers": 1}})");
  for (const json& line : check_unchanged(spec, folder.path() / "out")) {
    CHECK(names_of(line) == Names{"visual.stem", "visual.layer1", "visual.layer2", "visual.layer3",
                                  "visual.layer4", "visual.head", "text.embedding", "text.blocks.0",
                                  "text.head"});
    check_sums(line);
  }
}

TEST_CASE("TorchScript towers are a layer each, and heads over features alone are layers too") {
  const test::TemporaryFolder folder;
  fs::create_directories(folder.path() / "heads");
  for (const json& line :
       check_unchanged(test::small_towers_job(folder.path()), folder.path() / "out")) {
    CHECK(names_of(line) == Names{"visual.tower", "visual.head", "text.tower", "text.head"});
    check_sums(line);
  }
  TrainSpec heads = test::small_job(folder.path() / "heads");
  heads.config.train.steps = 6;
  for (const json& line : check_unchanged(heads, folder.path() / "heads/out")) {
    CHECK(names_of(line) == Names{"visual.head", "text.head"});
    check_sums(line);
  }
}

TEST_CASE("SLIP's image tower counts once for all its views, and its head is a layer") {
  const test::TemporaryFolder folder;
  for (const json& line :
       check_unchanged(test::small_slip_job(folder.path()), folder.path() / "out")) {
    CHECK(names_of(line) == Names{"visual.embedding", "visual.blocks.0", "visual.head",
                                  "text.embedding", "text.blocks.0", "text.head",
                                  "visual.ssl_head"});
    check_sums(line);
  }
}

TEST_CASE("lines of timed layers past a resumed step, and torn ones, are left out") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "new" / kLayerTimesFile;
  const std::vector<model::LayerSeconds> layers = {
      {.name = "visual.head", .forward = 0.1, .backward = 1.0 / 3}};
  {
    const LayerTimesLog log(file, 1, 0);
    for (const std::uint64_t step : {2, 4, 6}) log.append(step, {.forward = 0.5}, layers);
  }
  append_line(file, "{\"seed\":1,\"st");
  const LayerTimesLog resumed(file, 1, 5);
  resumed.append(6, {.forward = 0.25}, layers);
  const std::vector<json> lines = lines_of(file);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1].at("step") == 4);
  CHECK(lines[2].at("step") == 6);
  CHECK(lines[2].at("forward") == 0.25);
  CHECK(lines[2].at("layers") ==
        json::array({{{"name", "visual.head"}, {"forward", 0.1}, {"backward", 1.0 / 3}}}));
}

}  // namespace
}  // namespace helip::train
