#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "common/digest.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "train/small_job.h"

namespace helip::train {
namespace {

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

TEST_CASE("training towers resumes to bit-equal weights, batch norms and TorchScript files") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_towers_job(folder.path());
  check_resume(spec, folder.path(),
               {"heads.safetensors", "helip_model.json", "image_tower.ts", "text_tower.ts"});
  // All of the trained tower's state is in the checkpoint.
  const auto weights =
      store::SafetensorsFile::open(test::last_checkpoint(spec) / "model.safetensors");
  const auto batches = weights.values<std::int64_t>("image_tower.bn1.num_batches_tracked", "I64");
  CHECK(batches[0] == 6);
  const auto moments =
      store::SafetensorsFile::open(test::last_checkpoint(spec) / "optimizer.safetensors");
  for (const std::string layer : {"layers.0", "layers.1"}) {
    const std::string name = "text_tower." + layer + ".qkv.weight";
    CHECK(weights.tensors().contains(name));
    CHECK(moments.tensors().contains("exp_avg." + name) == (layer == "layers.1"));
  }
}

}  // namespace
}  // namespace helip::train
