#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "train/small_job.h"

namespace helip::train {
namespace {

// The small job from pixels with a tiny ModifiedResNet.
TrainSpec small_resnet_job(const std::filesystem::path& folder, const nlohmann::json& preprocess) {
  TrainSpec spec = test::small_pixel_job(folder);
  auto model = nlohmann::json::parse(read_text_file(spec.config.model.architecture));
  model["vision_cfg"] = {{"image_size", 32}, {"layers", {1, 1, 1, 1}}, {"width", 4}};
  nlohmann::json config = {{"model_cfg", model}};
  if (!preprocess.empty()) config["preprocess_cfg"] = preprocess;
  spec.config.model.architecture = (folder / "resnet.json").string();
  publish_file(spec.config.model.architecture, config.dump());
  return spec;
}

std::int64_t batches_seen(const std::filesystem::path& weights) {
  const auto file = store::SafetensorsFile::open(weights);
  std::int64_t count = 0;
  std::memcpy(&count, file.tensor("visual.bn1.num_batches_tracked", "I64").data.data(),
              sizeof count);
  return count;
}

TEST_CASE("training from pixels resumes to bit-equal weights, with augmentation and word dropout") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  const TrainSpec undisturbed = test::small_pixel_job(folder.path());
  const TrainReport report = run_train_job(undisturbed, *alone, {});
  CHECK(report.steps == 6);

  TrainSpec spec = undisturbed;
  spec.checkpoint_folder = folder.path() / "stopped" / "checkpoints";
  spec.metrics_file = folder.path() / "stopped" / "metrics.jsonl";
  spec.model_folder = folder.path() / "stopped" / "model";
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
  CHECK(sha256_file(spec.model_folder / "open_clip_model.safetensors") ==
        sha256_file(undisturbed.model_folder / "open_clip_model.safetensors"));
}

TEST_CASE("training a ModifiedResNet resumes to bit-equal weights and running statistics") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  const TrainSpec undisturbed = small_resnet_job(folder.path(), nlohmann::json::object());
  run_train_job(undisturbed, *alone, {});

  TrainSpec spec = undisturbed;
  spec.checkpoint_folder = folder.path() / "stopped" / "checkpoints";
  spec.metrics_file = folder.path() / "stopped" / "metrics.jsonl";
  spec.model_folder = folder.path() / "stopped" / "model";
  int asked = 0;
  run_train_job(spec, *alone, {.progress = {}, .should_stop = [&] { return ++asked == 3; }});
  CHECK(run_train_job(spec, *alone, {}).resumed_from == 3);
  const auto weights = [](const TrainSpec& job) {
    return job.model_folder / "open_clip_model.safetensors";
  };
  CHECK(sha256_file(weights(spec)) == sha256_file(weights(undisturbed)));
  CHECK(batches_seen(weights(spec)) == 6);
}

TEST_CASE("training a SLIP model on pairs leaves its self-supervised head as it was") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  TrainSpec spec = test::small_pixel_job(folder.path());
  const nlohmann::json description = {
      {"format", "helip_model/1"},
      {"kind", "slip"},
      {"embed_dim", 16},
      {"image_tower",
       {{"image_size", 32}, {"patch_size", 16}, {"width", 24}, {"layers", 1}, {"heads", 3}}},
      {"text_tower",
       {{"context_length", 16}, {"vocab_size", 49408}, {"width", 16}, {"heads", 2}, {"layers", 1}}},
      {"ssl_head", {{"hidden", 12}, {"embed_dim", 8}}}};
  spec.config.model.architecture = (folder.path() / "slip.json").string();
  publish_file(spec.config.model.architecture, description.dump());
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

TEST_CASE("steps that are skipped leave running statistics as they were") {
  const test::TemporaryFolder folder;
  const auto alone = comm::open_group("local", "cpu", 60);
  // Pixels beyond what a float can hold.
  const std::vector<double> mean(3, 3e38);
  const std::vector<double> deviation(3, 1e-30);
  const TrainSpec spec =
      small_resnet_job(folder.path(), {{"size", 32}, {"mean", mean}, {"std", deviation}});
  CHECK_THROWS_AS(run_train_job(spec, *alone, {}), DataError);
  const std::filesystem::path last = test::last_checkpoint(spec);
  CHECK(last.filename() == "step-00000002");
  CHECK(batches_seen(last / "model.safetensors") == 0);
  const auto weights = store::SafetensorsFile::open(last / "model.safetensors");
  for (const std::byte byte : weights.tensor("visual.bn1.running_mean", "F32").data) {
    CHECK(byte == std::byte{0});
  }
}

}  // namespace
}  // namespace helip::train
