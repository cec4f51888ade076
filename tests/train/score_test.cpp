// Scores while training, and the early stop by one of them.
#include <catch2/catch.hpp>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "train/checkpoint/checkpoint.h"
#include "train/job_runs.h"
#include "train/train_job.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

// Scores "dev/acc1" and "pairs/mean_recall@1" every `steps` steps.
config::ScoresConfig scored_every(std::uint64_t steps) {
  return {.datasets = {{.name = "dev", .path = "d", .tasks = {config::EvalTask::kZeroShot}},
                       {.name = "pairs", .path = "p", .tasks = {config::EvalTask::kRetrieval}}},
          .every_steps = steps};
}

std::vector<HeldOutResult> results_with(double acc1, double recall = 0.5) {
  return {{"dev", "zeroshot_classification", {{"acc1", acc1}}},
          {"pairs", "zeroshot_retrieval", {{"mean_recall@1", recall}}}};
}

// Step and acc1 of each line of scores.jsonl.
std::vector<std::pair<std::uint64_t, double>> scores_in_file(const TrainSpec& spec) {
  std::istringstream lines(read_text_file(spec.metrics_file.parent_path() / "scores.jsonl"));
  std::vector<std::pair<std::uint64_t, double>> all;
  for (std::string line; std::getline(lines, line);) {
    const auto entry = OrderedJson::parse(line);
    CHECK(entry.at("seed") == spec.seed);
    const HeldOutScore score = score_from(entry);
    all.emplace_back(score.step, score.results.at(0).metrics.at("acc1"));
  }
  return all;
}

TEST_CASE("scores change no weight, and none is made twice or lost by stops") {
  const test::TemporaryFolder folder;
  const TrainSpec undisturbed = test::small_job(folder.path());
  run(undisturbed);
  TrainSpec spec = with_outputs(undisturbed, folder.path() / "scored");
  spec.config.scores = scored_every(4);
  std::vector<std::uint64_t> scored;
  HeldOutScore shown;
  TrainCallbacks callbacks;
  callbacks.score = [&](const fs::path& checkpoint) {
    scored.push_back(read_checkpoint(checkpoint).step);
    return results_with(1.0 / (1.0 + static_cast<double>(scored.back())));
  };
  // Before, at and after a score; the one of step 8 is made, then the process goes.
  for (const std::uint64_t stop_after : {3, 4, 8, 9, 21}) {
    std::uint64_t done = 0;
    callbacks.progress = [&](const TrainProgress& now) { done = now.step; };
    callbacks.should_stop = [&] { return done + 1 >= stop_after; };
    CHECK(run(spec, callbacks).stopped);
  }
  callbacks.should_stop = {};
  callbacks.progress = [&](const TrainProgress& now) { shown = now.score; };
  const TrainReport report = run(spec, callbacks);
  CHECK_FALSE(report.best);
  CHECK(scored == std::vector<std::uint64_t>{0, 4, 8, 12, 16, 20, 24, 28, 30});
  std::vector<std::pair<std::uint64_t, double>> expected;
  for (const std::uint64_t step : scored) {
    expected.emplace_back(step, 1.0 / (1.0 + static_cast<double>(step)));
  }
  CHECK(scores_in_file(spec) == expected);
  CHECK(shown == HeldOutScore{.step = 30, .results = results_with(1.0 / 31)});
  CHECK(losses(spec) == losses(undisturbed));
  CHECK(weights_digest(spec) == weights_digest(undisturbed));
  CHECK(sha256_file(spec.model_folder / "heads.safetensors") ==
        sha256_file(undisturbed.model_folder / "heads.safetensors"));
}

TEST_CASE("a score that was made of a checkpoint before a kill is not made again") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_job(folder.path());
  spec.config.scores = scored_every(10);
  int made = 0;
  TrainCallbacks callbacks;
  callbacks.score = [&](const fs::path&) { return results_with(0.1 * ++made); };
  run(spec, callbacks);
  CHECK(made == 4);
  const auto before = scores_in_file(spec);
  // What a kill after the last score leaves: its checkpoint was written before the score.
  CHECK(read_checkpoint(test::last_checkpoint(spec)).held_out.size() == 3);
  fs::remove_all(spec.model_folder);
  run(spec, callbacks);
  CHECK(made == 4);
  CHECK(scores_in_file(spec) == before);
  // Without the file it is.
  fs::remove(spec.metrics_file.parent_path() / "scores.jsonl");
  fs::remove_all(spec.model_folder);
  run(spec, callbacks);
  CHECK(made == 5);
  CHECK(scores_in_file(spec).size() == 4);
}

TEST_CASE("a training whose held-out score falls ends, with the weights of its best score") {
  const test::TemporaryFolder folder;
  const TrainSpec undisturbed = test::small_job(folder.path());
  run(undisturbed);
  TrainSpec spec = with_outputs(undisturbed, folder.path() / "early");
  spec.config.scores = scored_every(3);
  spec.config.early_stop = {.metric = "pairs/mean_recall@1", .tolerance = 0.01, .patience = 2};
  spec.config.train.keep_checkpoints = 1;
  // By the step of the checkpoint: the best is step 6. The other score falls from the start.
  const std::map<std::string, double> table = {{"step-00000000", 0.3},     {"step-00000003", 0.25},
                                               {"step-00000006", 1.0 / 3}, {"step-00000009", 0.33},
                                               {"step-00000012", 0.3},     {"step-00000015", 0.31}};
  std::vector<std::string> scored;
  TrainCallbacks callbacks;
  callbacks.score = [&](const fs::path& checkpoint) {
    CHECK(fs::exists(checkpoint / "model.safetensors"));
    scored.push_back(checkpoint.filename());
    return results_with(1.0 / static_cast<double>(scored.size()), table.at(scored.back()));
  };

  // Stopped between two scores, and after the best one.
  for (const std::uint64_t stop_after : {2, 10}) {
    std::uint64_t done = 0;
    callbacks.progress = [&](const TrainProgress& now) { done = now.step; };
    callbacks.should_stop = [&] { return done + 1 >= stop_after; };
    CHECK(run(spec, callbacks).stopped);
  }
  callbacks.should_stop = {};
  const TrainReport report = run(spec, callbacks);
  CHECK_FALSE(report.stopped);
  CHECK(report.steps == 15);
  REQUIRE(report.best);
  CHECK(*report.best == BestScore{.step = 6, .value = 1.0 / 3});
  CHECK(scored == std::vector<std::string>{"step-00000000", "step-00000003", "step-00000006",
                                           "step-00000009", "step-00000012", "step-00000015"});
  // The scores change nothing else.
  const std::vector<double> all = losses(undisturbed);
  CHECK(losses(spec) == std::vector<double>(all.begin(), all.begin() + 15));
  CHECK(fs::exists(spec.checkpoint_folder / "step-00000006"));
  const auto best =
      store::SafetensorsFile::open(spec.checkpoint_folder / "step-00000006" / "model.safetensors");
  const auto model = store::SafetensorsFile::open(spec.model_folder / "heads.safetensors");
  const auto bytes = [](const store::SafetensorsFile& file) {
    const auto& data = file.tensor("logit_scale", "F32").data;
    return std::vector<std::byte>(data.begin(), data.end());
  };
  CHECK(bytes(best) == bytes(model));
  const auto last =
      store::SafetensorsFile::open(spec.checkpoint_folder / "step-00000015" / "model.safetensors");
  CHECK(bytes(last) != bytes(model));

  // Once more: nothing is trained, and the same model comes out.
  const std::string digest = sha256_file(spec.model_folder / "heads.safetensors");
  callbacks.progress = [](const TrainProgress&) { FAIL("a step"); };
  CHECK(run(spec, callbacks).best == report.best);
  CHECK(sha256_file(spec.model_folder / "heads.safetensors") == digest);
}

TEST_CASE("a training that never falls keeps its best weights, and needs somebody to score") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_job(folder.path());
  spec.config.scores = scored_every(20);
  spec.config.early_stop = {.metric = "dev/acc1", .patience = 1};
  CHECK_THAT(error_of(spec),
             Catch::StartsWith("scores.datasets: nobody here can score held-out data sets"));
  double score = 0;
  TrainCallbacks callbacks;
  callbacks.score = [&](const fs::path&) { return results_with(score += 0.1); };
  const TrainReport report = run(spec, callbacks);
  CHECK(report.steps == 30);
  CHECK(report.best.value().step == 30);
  CHECK(score == Approx(0.3));  // steps 0, 20, 30
}

TEST_CASE("an early stop by a metric that the scores lack ends before the first step") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_job(folder.path());
  spec.config.scores = scored_every(20);
  spec.config.early_stop = {.metric = "dev/acc5"};
  TrainCallbacks callbacks;
  callbacks.score = [&](const fs::path&) { return results_with(0.5); };
  callbacks.progress = [](const TrainProgress&) { FAIL("a step"); };
  CHECK_THROWS_WITH(run(spec, callbacks),
                    "early_stop.metric: the scores do not have this metric; expected one of "
                    "dev/acc1, pairs/mean_recall@1; found dev/acc5");
}

}  // namespace
}  // namespace helip::train
