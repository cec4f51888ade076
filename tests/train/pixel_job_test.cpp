#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "common/publish.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "train/small_job.h"

namespace helip::train {
namespace {

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
  TrainSpec undisturbed = test::small_pixel_job(folder.path());
  auto model = nlohmann::json::parse(read_text_file(undisturbed.config.model.architecture));
  model["vision_cfg"] = {{"image_size", 32}, {"layers", {1, 1, 1, 1}}, {"width", 4}};
  undisturbed.config.model.architecture = (folder.path() / "resnet.json").string();
  publish_file(undisturbed.config.model.architecture, model.dump());
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
  const auto trained = store::SafetensorsFile::open(weights(spec));
  const store::TensorView& batches = trained.tensor("visual.bn1.num_batches_tracked", "I64");
  std::int64_t count = 0;
  std::memcpy(&count, batches.data.data(), sizeof count);
  CHECK(count == 6);
}

}  // namespace
}  // namespace helip::train
