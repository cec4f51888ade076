#include "train/train_job.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "store/npy.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "train/checkpoint/checkpoint.h"
#include "train/job_runs.h"
#include "train/run_program.h"
#include "train/small_job.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a run writes metrics, checkpoints and a model, and learns") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_job(folder.path());
  std::vector<TrainProgress> progress;
  const TrainReport report = run(
      spec,
      {.progress = [&](const TrainProgress& now) { progress.push_back(now); }, .should_stop = {}});
  CHECK(report.steps == 30);
  CHECK(report.resumed_from == 0);
  CHECK_FALSE(report.stopped);

  const std::vector<double> loss = losses(spec);
  REQUIRE(loss.size() == 30);
  CHECK(loss.back() == report.final_loss);
  // Full batches of the first and the third epoch.
  CHECK(loss[0] + loss[1] > loss[26] + loss[27] + 0.5);
  REQUIRE(progress.size() == 30);
  CHECK(progress[12].steps == 30);
  CHECK(progress[12].step == 13);
  CHECK(progress[12].epoch == 1);
  CHECK(progress[0].loss == loss[0]);
  CHECK(progress[0].loss == Approx(progress[0].contrastive_loss + 25 * progress[0].margin_loss));
  CHECK(progress[0].margin_loss > 0);
  CHECK(progress[2].lr == 1e-2);
  CHECK(progress[0].logit_scale == Approx(1 / 0.07).epsilon(0.2));
  for (const TrainProgress& step : progress) CHECK(step.logit_scale <= 100.0001);

  CHECK(fs::exists(spec.checkpoint_folder / "step-00000028"));
  CHECK(fs::exists(spec.checkpoint_folder / "step-00000030"));
  CHECK_FALSE(fs::exists(spec.checkpoint_folder / "step-00000024"));
  CHECK(sha256_file(spec.model_folder / "heads.safetensors").size() == 64);
}

TEST_CASE("the same run again does no step and makes the model anew") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_job(folder.path());
  const TrainReport first = run(spec);
  const std::string model = sha256_file(spec.model_folder / "heads.safetensors");
  const std::string metrics = read_text_file(spec.metrics_file);
  for (const bool keep_model : {true, false}) {
    if (!keep_model) fs::remove_all(spec.model_folder);
    const TrainReport again =
        run(spec, {.progress = [](const TrainProgress&) { FAIL("a step"); }, .should_stop = {}});
    CHECK(again.resumed_from == 30);
    CHECK(again.steps == 30);
    CHECK(again.final_loss == first.final_loss);
    CHECK(sha256_file(spec.model_folder / "heads.safetensors") == model);
    CHECK(read_text_file(spec.metrics_file) == metrics);
  }
}

TEST_CASE("a run that was stopped goes on to bit-equal losses, weights and moments") {
  const test::TemporaryFolder folder;
  const TrainSpec undisturbed = test::small_job(folder.path());
  run(undisturbed);
  const TrainSpec spec = with_outputs(undisturbed, folder.path() / "stopped");
  for (const std::uint64_t stop_after :
       {1, 7, 13, 15}) {  // inside an epoch, at its end, in the next
    std::uint64_t done = 0;
    const TrainReport report =
        run(spec, {.progress = [&](const TrainProgress& now) { done = now.step; },
                   .should_stop = [&] { return done + 1 >= stop_after; }});
    CHECK(report.stopped);
    CHECK(report.steps == stop_after);
    CHECK_FALSE(fs::exists(spec.model_folder));
  }
  const TrainReport report = run(spec);
  CHECK(report.resumed_from == 15);
  CHECK(losses(spec) == losses(undisturbed));
  CHECK(weights_digest(spec) == weights_digest(undisturbed));
  CHECK(sha256_file(spec.model_folder / "heads.safetensors") ==
        sha256_file(undisturbed.model_folder / "heads.safetensors"));
}

TEST_CASE("a run that was killed goes on to bit-equal losses, weights and moments") {
  const test::TemporaryFolder folder;
  const TrainSpec undisturbed = test::small_job(folder.path());
  run(undisturbed);
  const TrainSpec spec = with_outputs(undisturbed, folder.path() / "killed");
  // Between checkpoints. That of step 4 is there at step 8, where the next one waits for it.
  for (const std::uint64_t step : {10, 19}) {
    test::kill_after_line({HELIP_TRAIN_PROGRAM, folder.path(), "local", folder.path() / "killed"},
                          "step " + std::to_string(step));
    CHECK(fs::exists(spec.checkpoint_folder));
    CHECK_FALSE(fs::exists(spec.model_folder));
  }
  const TrainReport report = run(spec);
  CHECK(report.resumed_from >= 12);  // that of step 16 may still have been written
  CHECK(report.resumed_from < 30);
  CHECK(losses(spec) == losses(undisturbed));
  CHECK(weights_digest(spec) == weights_digest(undisturbed));
}

TEST_CASE("a damaged checkpoint is skipped for the one before") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_job(folder.path());
  run(spec);
  const std::vector<double> before = losses(spec);
  const std::string weights = weights_digest(spec);
  {
    std::fstream file(test::last_checkpoint(spec) / "optimizer.safetensors",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);
    file.put('\x7F');
  }
  const TrainReport report = run(spec);
  CHECK(report.resumed_from == 28);
  CHECK(losses(spec) == before);
  CHECK(weights_digest(spec) == weights);
}

TEST_CASE("a checkpoint of another seed, configuration, model or table is refused") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_job(folder.path());
  spec.config.train.steps = 2;
  run(spec);
  TrainSpec other = spec;
  other.seed = 2;
  CHECK_THAT(error_of(other), Catch::Contains("another seed"));
  other = spec;
  other.config.train.lr = 1e-3;
  CHECK_THAT(error_of(other), Catch::Contains("another configuration"));
  other = spec;
  other.config.model.init_seed = 5;
  CHECK_THAT(error_of(other), Catch::Contains("another model"));
  other = spec;
  other.config.train.hard_pairs = config::HardPairs::kRandom;
  CHECK_THAT(error_of(other), Catch::Contains("another hard-pair table"));
}

TEST_CASE("the arms without a table train on as many pairs") {
  for (const auto kind : {config::HardPairs::kNone, config::HardPairs::kRandom}) {
    const test::TemporaryFolder folder;
    TrainSpec spec = test::small_job(folder.path());
    spec.config.train.hard_pairs = kind;
    spec.hard_pairs_folder.clear();
    spec.config.train.steps = 3;
    double margin = 0;
    const TrainReport report =
        run(spec, {.progress = [&](const TrainProgress& now) { margin = now.margin_loss; },
                   .should_stop = {}});
    CHECK(report.steps == 3);
    CHECK((margin > 0) == (kind == config::HardPairs::kRandom));
  }
}

TEST_CASE("gradient clipping changes the run, and the limit is the norm") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_job(folder.path());
  spec.config.train.steps = 3;
  run(spec);
  TrainSpec clipped = with_outputs(spec, folder.path() / "clipped");
  clipped.config.train.grad_clip_norm = 1e-3;
  run(clipped);
  CHECK(losses(clipped)[0] == losses(spec)[0]);
  CHECK(weights_digest(clipped) != weights_digest(spec));
  TrainSpec loose = with_outputs(spec, folder.path() / "loose");
  loose.config.train.grad_clip_norm = 1e6;
  run(loose);
  CHECK(weights_digest(loose) == weights_digest(spec));
}

TEST_CASE(
    "steps whose loss is not finite are skipped; three in a row stop the run, naming the pairs") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_job(folder.path());
  const auto poison = [&](const std::vector<std::uint64_t>& rows) {
    const auto features = store::NpyArray::open(folder.path() / "features" / "text_features.npy");
    std::vector<float> values(features.as<float>().begin(), features.as<float>().end());
    for (const std::uint64_t row : rows) values[row * 6] = std::numeric_limits<float>::quiet_NaN();
    fs::create_directories(folder.path() / "poisoned");
    fs::copy_file(folder.path() / "features" / "image_features.npy",
                  folder.path() / "poisoned" / "image_features.npy",
                  fs::copy_options::overwrite_existing);
    store::NpyWriter writer(folder.path() / "poisoned" / "text_features.npy", store::DType::kF32,
                            {test::kPairs, 6});
    writer.write_values(std::span<const float>(values));
    writer.publish();
  };
  spec.features_folder = folder.path() / "poisoned";
  // So that one pair is in one batch an epoch.
  spec.config.train.hard_pairs = config::HardPairs::kNone;
  poison({20});
  spec.config.train.steps = 4;  // one epoch
  const TrainReport report = run(spec);
  CHECK(report.steps == 4);
  const auto weights =
      store::SafetensorsFile::open(test::last_checkpoint(spec) / "model.safetensors");
  for (const auto& [name, tensor] : weights.tensors()) {
    for (const float value :
         std::span(reinterpret_cast<const float*>(tensor.data.data()), tensor.data.size() / 4)) {
      REQUIRE(std::isfinite(value));
    }
  }

  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < test::kPairs; ++i) all.push_back(i);
  poison(all);
  const std::string problem = error_of(with_outputs(spec, folder.path() / "again"));
  CHECK_THAT(problem, Catch::Contains("3 steps in a row") && Catch::Contains("step 2 of seed 1") &&
                          Catch::Contains("pairs"));
}

TEST_CASE("a checkpoint that would hold a value that is not finite is refused by its tensor") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_job(folder.path());
  spec.config.train.steps = 12;
  std::uint64_t done = 0;
  run(spec, {.progress = [&](const TrainProgress& now) { done = now.step; },
             .should_stop = [&] { return done == 3; }});
  // An infinite second moment only stops its weight: loss and gradients stay finite.
  const fs::path newest = spec.checkpoint_folder / checkpoint_name(4);
  const TrainState state = read_checkpoint(newest);
  const fs::path copy = folder.path() / "copy";
  fs::rename(newest, copy);
  std::string tensor;
  write_checkpoint(spec.checkpoint_folder, state, [&](const fs::path& into) {
    fs::copy_file(copy / kModelFile, into / kModelFile);
    const auto moments = store::SafetensorsFile::open(copy / kOptimizerFile);
    auto tensors = moments.tensors();
    auto& [name, view] = *tensors.rbegin();
    tensor = name;
    std::vector<float> values(view.data.size() / sizeof(float), 1.0F);
    values.back() = std::numeric_limits<float>::infinity();
    view.data = std::as_bytes(std::span<const float>(values));
    return FileDigests{{kModelFile, sha256_file(into / kModelFile)},
                       {kOptimizerFile, store::write_safetensors(into / kOptimizerFile, tensors,
                                                                 moments.metadata())}};
  });
  CHECK(tensor.starts_with("exp_avg_sq."));
  CHECK_THAT(error_of(spec), Catch::Contains("not finite") && Catch::Contains("tensor " + tensor));
  CHECK(test::last_checkpoint(spec) == newest);
}

TEST_CASE("what training needs and does not get is named") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_job(folder.path());
  TrainSpec other = spec;
  other.hard_pairs_folder.clear();
  CHECK_THAT(error_of(other), Catch::Contains("train.hard_pairs"));
  other = spec;
  other.features_folder.clear();
  CHECK_THAT(error_of(other), Catch::Contains("cached features"));
  other = spec;
  other.config.train.hard_pairs_per_seed = 6;
  CHECK_THAT(error_of(other), Catch::Contains("at most 5") && Catch::Contains("found 6"));
  other = spec;
  for (const char* device : {"tpu", "cuda:", "cuda:x", "cuda:-1"}) {
    other.device = device;
    CHECK_THAT(error_of(other), Catch::Contains("cpu or cuda:I") && Catch::Contains(device));
  }
  fs::create_directories(spec.model_folder);
  CHECK_THAT(error_of(spec), Catch::Contains("finished model is there already"));
}

}  // namespace
}  // namespace helip::train
