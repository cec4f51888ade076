#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "train/small_job.h"

namespace helip::train {
namespace {

// The small job from pixels with a tiny ModifiedResNet.
TrainSpec small_resnet_job(const std::filesystem::path& folder, const Json& preprocess) {
  TrainSpec spec = test::small_pixel_job(folder);
  auto model = Json::parse(read_text_file(spec.config.model.architecture));
  model["vision_cfg"] = {{"image_size", 32}, {"layers", {1, 1, 1, 1}}, {"width", 4}};
  Json config = {{"model_cfg", model}};
  if (!preprocess.empty()) config["preprocess_cfg"] = preprocess;
  spec.config.model.architecture = (folder / "resnet.json").string();
  publish_file(spec.config.model.architecture, config.dump());
  return spec;
}

std::int64_t batches_seen(const std::filesystem::path& weights, const std::string& norm) {
  return store::SafetensorsFile::open(weights).values<std::int64_t>(norm + ".num_batches_tracked",
                                                                    "I64")[0];
}

// Stops after three of six steps, goes on, and compares with a run that nothing stopped.
void check_resume(const TrainSpec& undisturbed, const std::filesystem::path& folder,
                  const std::vector<std::string>& files) {
  const auto alone = comm::open_group("local", "cpu", 60);
  const TrainReport report = run_train_job(undisturbed, *alone, {});
  CHECK(report.steps == 6);

  TrainSpec spec = undisturbed;
  spec.checkpoint_folder = folder / "stopped" / "checkpoints";
  spec.metrics_file = folder / "stopped" / "metrics.jsonl";
  spec.model_folder = folder / "stopped" / "model";
  int asked = 0;
  CHECK(run_train_job(spec, *alone, {.progress = {}, .should_stop = [&] { return ++asked == 3; }})
            .stopped);
  const TrainReport resumed = run_train_job(spec, *alone, {});
  CHECK(resumed.resumed_from == 3);
  CHECK(resumed.final_loss == report.final_loss);
  for (const char* name : {"model.safetensors", "optimizer.safetensors"}) {
    CHECK(sha256_file(test::last_checkpoint(spec) / name) ==
          sha256_file(test::last_checkpoint(undisturbed) / name));
  }
  for (const std::string& file : files) {
    CHECK(sha256_file(spec.model_folder / file) == sha256_file(undisturbed.model_folder / file));
  }
}

TEST_CASE("training from pixels resumes to bit-equal weights, with augmentation and word dropout") {
  const test::TemporaryFolder folder;
  check_resume(test::small_pixel_job(folder.path()), folder.path(),
               {"open_clip_model.safetensors"});
}

TEST_CASE(
    "training in bfloat16, in parts, with locked layers and recomputation resumes bit-equal") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_pixel_job(folder.path());
  spec.config.train.precision = config::PrecisionMode::kAmpBf16;
  spec.config.train.accum_freq = 2;
  spec.config.train.grad_checkpointing = true;
  spec.config.train.lock_image = true;
  spec.config.train.lock_image_unlocked_groups = 2;
  spec.config.train.layer_decay = 0.5;
  spec.config.train.optimizer_warmup = 1;
  check_resume(spec, folder.path(), {"open_clip_model.safetensors"});
  const auto last = test::last_checkpoint(spec);
  const auto moments = store::SafetensorsFile::open(last / "optimizer.safetensors");
  CHECK(moments.tensors().contains("exp_avg.visual.proj"));
  CHECK_FALSE(moments.tensors().contains("exp_avg.visual.conv1.weight"));
}

TEST_CASE("training in float16 resumes with its loss scale") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_pixel_job(folder.path());
  spec.config.train.precision = config::PrecisionMode::kAmp;
  check_resume(spec, folder.path(), {"open_clip_model.safetensors"});
  const auto state = Json::parse(read_text_file(test::last_checkpoint(spec) / "state.json"));
  CHECK(state.at("loss_scale_steps").get<int>() > 0);
  CHECK(state.at("loss_scale").get<double>() >= 1);
}

TEST_CASE("WiSE-FT publishes a mixture of the initial and the tuned weights") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  const auto weights_at = [&](double share) {
    TrainSpec spec = test::small_pixel_job(folder.path());
    spec.config.train.wise_ft = share;
    const auto outputs = folder.path() / std::to_string(share);
    spec.checkpoint_folder = outputs / "checkpoints";
    spec.metrics_file = outputs / "metrics.jsonl";
    spec.model_folder = outputs / "model";
    run_train_job(spec, *alone, {});
    return store::SafetensorsFile::open(spec.model_folder / "open_clip_model.safetensors");
  };
  const auto initial = weights_at(0);
  const auto mixed = weights_at(0.25);
  const auto tuned = weights_at(1);
  double moved = 0;
  for (const char* name : {"visual.conv1.weight", "text_projection"}) {
    const auto from = initial.values<float>(name, "F32");
    const auto to = tuned.values<float>(name, "F32");
    const auto found = mixed.values<float>(name, "F32");
    for (std::size_t i = 0; i < from.size(); ++i) {
      moved = std::max(moved, std::abs(double{to[i]} - from[i]));
      REQUIRE(found[i] == Approx(0.75 * from[i] + 0.25 * to[i]).epsilon(1e-5).margin(1e-8));
    }
  }
  CHECK(moved > 1e-4);
}

TEST_CASE("training towers resumes to bit-equal weights, batch norms and TorchScript files") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_towers_job(folder.path());
  check_resume(spec, folder.path(),
               {"heads.safetensors", "helip_model.json", "image_tower.ts", "text_tower.ts"});
  // All of the trained tower's state is in the checkpoint.
  const auto checkpoint = test::last_checkpoint(spec);
  CHECK(batches_seen(checkpoint / "model.safetensors", "image_tower.bn1") == 6);
  const auto weights = store::SafetensorsFile::open(checkpoint / "model.safetensors");
  const auto moments = store::SafetensorsFile::open(checkpoint / "optimizer.safetensors");
  for (const std::string layer : {"layers.0", "layers.1"}) {
    const std::string name = "text_tower." + layer + ".qkv.weight";
    CHECK(weights.tensors().contains(name));
    CHECK(moments.tensors().contains("exp_avg." + name) == (layer == "layers.1"));
  }
}

TEST_CASE("training a tower beside the other's features resumes to bit-equal weights and files") {
  for (const std::string trains : {"image", "text"}) {
    const test::TemporaryFolder folder;
    const TrainSpec spec = test::small_mixed_job(folder.path(), trains);
    // The trained tower's features are not there to be read.
    std::filesystem::remove(spec.features_folder / (trains + "_features.npy"));
    check_resume(spec, folder.path(),
                 {"heads.safetensors", "helip_model.json", "image_tower.ts", "text_tower.ts"});
    const std::string frozen = trains == "image" ? "text" : "image";
    const std::filesystem::path start = spec.config.model.architecture;
    for (const std::string& tower : {trains, frozen}) {
      const std::string file = tower + "_tower.ts";
      CHECK((sha256_file(spec.model_folder / file) == sha256_file(start / file)) ==
            (tower == frozen));
    }
    const auto weights =
        store::SafetensorsFile::open(test::last_checkpoint(spec) / "model.safetensors");
    const auto holds = [&](const std::string& prefix) {
      return std::any_of(weights.tensors().begin(), weights.tensors().end(),
                         [&](const auto& entry) { return entry.first.starts_with(prefix); });
    };
    CHECK(holds(trains + "_tower."));
    CHECK_FALSE(holds(frozen + "_tower."));
    CHECK(holds("image_head.weight"));
    CHECK(holds("text_head.0.weight"));
  }
}

TEST_CASE("a frozen tower's features must be there, and its lock asks for one that trains") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  TrainSpec spec = test::small_mixed_job(folder.path());
  spec.config.train.lock_text = true;
  CHECK_THROWS_WITH(run_train_job(spec, *alone, {}),
                    Catch::Contains("train.lock_text") && Catch::Contains("a frozen one"));
  spec.config.train.lock_text = false;
  spec.config.train.lock_image = true;  // then the text head alone trains
  CHECK(run_train_job(spec, *alone, {}).steps == 6);
  CHECK(sha256_file(spec.model_folder / "text_tower.ts") ==
        sha256_file(std::filesystem::path(spec.config.model.architecture) / "text_tower.ts"));
  spec.checkpoint_folder = folder.path() / "others";
  spec.model_folder = folder.path() / "others-model";
  spec.features_folder.clear();
  CHECK_THROWS_WITH(run_train_job(spec, *alone, {}),
                    Catch::Contains("a frozen tower trains on its cached features"));
}

TEST_CASE("training a ModifiedResNet resumes to bit-equal weights and running statistics") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = small_resnet_job(folder.path(), Json::object());
  check_resume(spec, folder.path(), {"open_clip_model.safetensors"});
  CHECK(batches_seen(spec.model_folder / "open_clip_model.safetensors", "visual.bn1") == 6);
}

TEST_CASE("training a SLIP model resumes to bit-equal weights, head and running statistics") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_slip_job(folder.path());
  spec.config.slip.ssl_on = GENERATE(config::SslImages::kSeeds, config::SslImages::kAll);
  check_resume(spec, folder.path(), {"model.safetensors", "helip_model.json"});
  // Both views of each step.
  CHECK(batches_seen(spec.model_folder / "model.safetensors", "image_mlp.bn2") == 12);
  const auto moments =
      store::SafetensorsFile::open(test::last_checkpoint(spec) / "optimizer.safetensors");
  CHECK(moments.tensors().contains("exp_avg.image_mlp.layer1.weight"));
}

TEST_CASE("the self-supervised term is told at every step, weighted in the loss, and in metrics") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  TrainSpec spec = test::small_slip_job(folder.path());
  spec.config.slip.ssl_weight = 0.5;
  std::vector<TrainProgress> steps;
  run_train_job(
      spec, *alone,
      {.progress = [&](const TrainProgress& now) { steps.push_back(now); }, .should_stop = {}});
  REQUIRE(steps.size() == 6);
  for (const TrainProgress& step : steps) {
    REQUIRE(step.ssl.has_value());
    CHECK(step.ssl->loss > 0);
    CHECK(step.loss ==
          Approx(step.contrastive_loss + 25 * step.margin_loss + 0.5 * step.ssl->loss));
  }
  std::istringstream lines(read_text_file(spec.metrics_file));
  std::string line;
  std::getline(lines, line);
  const auto entry = Json::parse(line);
  CHECK(entry.at("ssl_loss") == steps[0].ssl->loss);
  CHECK(entry.at("ssl_acc") == steps[0].ssl->accuracy);
}

TEST_CASE("a global batch of one seed trains a SLIP model and leaves its norms' statistics") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  TrainSpec spec = test::small_slip_job(folder.path());
  spec.config.train.seeds_per_batch = 1;
  double ssl = 1;
  const TrainReport report = run_train_job(
      spec, *alone,
      {.progress = [&](const TrainProgress& now) { ssl = now.ssl->loss; }, .should_stop = {}});
  CHECK(report.steps == 6);
  CHECK(ssl == 0);
  CHECK(batches_seen(spec.model_folder / "model.safetensors", "image_mlp.bn1") == 0);
}

TEST_CASE("a SLIP section is refused for a model without SLIP's head") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  TrainSpec spec = test::small_pixel_job(folder.path());
  spec.config.slip.ssl_temperature = 0.2;
  CHECK_THROWS_WITH(run_train_job(spec, *alone, {}), Catch::Contains("no self-supervised head"));
}

TEST_CASE("training a SLIP model without its term leaves its self-supervised head as it was") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  TrainSpec spec = test::small_slip_job(folder.path());
  spec.config.slip.ssl_weight = 0;
  spec.config.train.steps = 2;
  run_train_job(spec, *alone, {});
  spec.checkpoint_folder = folder.path() / "longer" / "checkpoints";
  spec.metrics_file = folder.path() / "longer" / "metrics.jsonl";
  spec.model_folder = folder.path() / "longer" / "model";
  spec.config.train.steps = 4;
  run_train_job(spec, *alone, {});
  const auto two = store::SafetensorsFile::open(folder.path() / "model/model.safetensors");
  const auto four = store::SafetensorsFile::open(spec.model_folder / "model.safetensors");
  REQUIRE(two.tensors().size() == four.tensors().size());
  std::size_t head = 0;
  for (const auto& [name, view] : two.tensors()) {
    INFO(name);
    const auto& other = four.tensors().at(name).data;
    const bool same = std::equal(view.data.begin(), view.data.end(), other.begin(), other.end());
    CHECK(same == name.starts_with("image_mlp."));
    head += name.starts_with("image_mlp.") ? 1 : 0;
  }
  CHECK(head == 16);
}

// `mean`: the norm's running mean before training.
void check_skipped_steps(const TrainSpec& spec, const std::string& norm,
                         const std::vector<float>& mean) {
  const auto alone = comm::open_group("local", "cpu", 60);
  CHECK_THROWS_AS(run_train_job(spec, *alone, {}), DataError);
  const std::filesystem::path last = test::last_checkpoint(spec);
  CHECK(last.filename() == "step-00000002");
  CHECK(batches_seen(last / "model.safetensors", norm) == 0);
  const auto weights = store::SafetensorsFile::open(last / "model.safetensors");
  const auto left = weights.values<float>(norm + ".running_mean", "F32");
  CHECK(std::vector<float>(left.begin(), left.end()) == mean);
}

TEST_CASE("steps that are skipped leave running statistics as they were") {
  const test::TemporaryFolder folder;
  // Pixels beyond what a float can hold.
  const std::vector<double> mean(3, 3e38);
  const std::vector<double> deviation(3, 1e-30);
  check_skipped_steps(
      small_resnet_job(folder.path(), {{"size", 32}, {"mean", mean}, {"std", deviation}}),
      "visual.bn1", std::vector<float>(2, 0));
}

TEST_CASE("steps that are skipped leave trained towers' running statistics as they were") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_towers_job(folder.path());
  const auto description =
      std::filesystem::path(spec.config.model.architecture) / "helip_model.json";
  auto json = Json::parse(read_text_file(description));
  json["image_tower"]["preprocess"]["mean"] = std::vector<double>(3, 3e38);
  json["image_tower"]["preprocess"]["std"] = std::vector<double>(3, 1e-30);
  publish_file(description, json.dump());
  check_skipped_steps(spec, "image_tower.bn1", std::vector<float>(8, 0));
}

}  // namespace
}  // namespace helip::train
