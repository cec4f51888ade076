#include "train/log/scores_log.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::train {
namespace {

using Keys = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // seed, step

HeldOutScore score_at(std::uint64_t step, double acc1 = 1.0 / 3) {
  return {.step = step,
          .results = {{"dev", "zeroshot_classification", {{"acc1", acc1}, {"acc5", 0.1 + 0.2}}},
                      {"pairs", "zeroshot_retrieval", {{"mean_recall@1", 0.25}}}}};
}

TrainState state_at(std::uint64_t step, HeldOutScores scores) {
  TrainState state;
  state.step = step;
  state.held_out = std::move(scores);
  return state;
}

Keys keys_of(const std::filesystem::path& file) {
  std::istringstream lines(read_text_file(file));
  Keys keys;
  for (std::string line; std::getline(lines, line);) {
    const auto entry = Json::parse(line);
    keys.emplace_back(entry.at("seed"), entry.at("step"));
  }
  return keys;
}

std::vector<std::uint64_t> steps_of(const HeldOutScores& scores) {
  std::vector<std::uint64_t> steps;
  for (const HeldOutScore& score : scores) steps.push_back(score.step);
  return steps;
}

config::ScoresConfig scored(std::uint64_t steps, std::uint64_t epochs) {
  return {.datasets = {{.name = "dev", .path = "p", .tasks = {config::EvalTask::kZeroShot}}},
          .every_steps = steps,
          .every_epochs = epochs};
}

TEST_CASE("initial, regular and last weights are scored, each once") {
  const HeldOutScores first = {score_at(0)};
  const auto config = scored(10, 0);
  CHECK(score_is_due(config, {}, 0, 25, 7));
  CHECK_FALSE(score_is_due(config, first, 0, 25, 7));
  CHECK_FALSE(score_is_due(config, first, 9, 25, 7));
  CHECK(score_is_due(config, first, 10, 25, 7));
  CHECK_FALSE(score_is_due(config, {score_at(0), score_at(10)}, 10, 25, 7));
  CHECK(score_is_due(config, {score_at(0), score_at(20)}, 25, 25, 7));
  CHECK_FALSE(score_is_due({}, {}, 0, 25, 7));
}

TEST_CASE("epochs between scores count the steps of an epoch") {
  const HeldOutScores first = {score_at(0)};
  for (const std::uint64_t step : {7U, 10U, 13U}) {
    CHECK_FALSE(score_is_due(scored(0, 2), first, step, 30, 7));
  }
  CHECK(score_is_due(scored(0, 2), first, 14, 30, 7));
  CHECK(score_is_due(scored(0, 1), first, 7, 30, 7));
}

TEST_CASE("a score comes back from its JSON to the last bit") {
  const HeldOutScore score = score_at(7, 0.1 + 0.2);
  CHECK(score_from(OrderedJson::parse(json_of(score).dump())) == score);
  CHECK_THROWS_AS(score_from(OrderedJson::parse(R"({"step": 1})")), JsonError);
  CHECK_THROWS_AS(
      score_from(OrderedJson::parse(
          R"({"step":1,"results":[{"dataset":"d","task":"t","metrics":{"acc1":null}}]})")),
      JsonError);
}

TEST_CASE("a resumed run knows the scores of its checkpoint and of its weights, and no others") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "new" / "scores.jsonl";
  {
    const ScoresLog log(file, 1, std::nullopt);
    CHECK(log.known().empty());
    for (const std::uint64_t step : {0U, 10U, 20U, 30U}) log.append(score_at(step));
    ScoresLog(file, 2, std::nullopt).append(score_at(50));
  }
  // The checkpoint of step 20 was written before its weights were scored.
  const HeldOutScores in_checkpoint = {score_at(0), score_at(10)};
  const ScoresLog log(file, 1, state_at(20, in_checkpoint));
  CHECK(log.known() == HeldOutScores{score_at(0), score_at(10), score_at(20)});
  CHECK(keys_of(file) == Keys{{2, 50}, {1, 0}, {1, 10}, {1, 20}});
  // Killed before they were scored.
  CHECK(steps_of(ScoresLog(file, 1, state_at(15, in_checkpoint)).known()) ==
        std::vector<std::uint64_t>{0, 10});
  CHECK(keys_of(file) == Keys{{2, 50}, {1, 0}, {1, 10}});
}

TEST_CASE("scores that the file has lost come back from the checkpoint, which decides") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "scores.jsonl";
  publish_file(file, "{\"seed\":1,\"step\":10,\"results\":[]}\n{\"seed\":1,\"st");
  const HeldOutScores whole = {score_at(0), score_at(10)};
  CHECK(ScoresLog(file, 1, state_at(12, whole)).known() == whole);
  CHECK(keys_of(file) == Keys{{1, 0}, {1, 10}});
  CHECK(ScoresLog(file, 1, state_at(12, {})).known() == whole);
}

TEST_CASE("a run without a checkpoint takes no score of a former one") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "scores.jsonl";
  ScoresLog(file, 1, std::nullopt).append(score_at(0));
  CHECK(ScoresLog(file, 1, std::nullopt).known().empty());
  CHECK(read_text_file(file).empty());
}

TEST_CASE("events have OpenCLIP's tags") {
  config::ScoresConfig config = scored(10, 0);
  config.datasets.push_back(
      {.name = "pairs", .path = "p", .tasks = {config::EvalTask::kRetrieval}, .split = "dev"});
  const HeldOutScore score{
      .step = 3,
      .results = {{"dev", "zeroshot_classification", {{"acc1", 0.5}, {"mean_per_class_recall", 1}}},
                  {"pairs",
                   "zeroshot_retrieval",
                   {{"image_retrieval_recall@5", 0.25},
                    {"mean_recall@5", 0.375},
                    {"text_retrieval_recall@5", 0.5}}}}};
  CHECK(event_of(score, config) ==
        EventFile::Scalars{{"val/dev-zeroshot-validation-top1", 0.5},
                           {"val/dev-zeroshot-validation-mean_per_class_recall", 1},
                           {"val/pairs-retrieval-dev-text_to_image_R@5", 0.25},
                           {"val/pairs-retrieval-dev-mean_R@5", 0.375},
                           {"val/pairs-retrieval-dev-image_to_text_R@5", 0.5}});
}

}  // namespace
}  // namespace helip::train
