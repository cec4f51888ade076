// What each stage asks for, produces and takes for a result, without a job around it.
#include "coordinator/stages/stages.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "coordinator/cut.h"
#include "coordinator/pipeline.h"
#include "jobs/encode.h"
#include "jobs/eval.h"
#include "jobs/mine.h"
#include "jobs/report.h"
#include "jobs/train.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::coordinator;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

// A ledger that is filled by hand, and the stages over it.
struct StagesFixture {
  test::TemporaryFolder folder;
  JobPlan plan{.config = {}, .work_dir = jobs::WorkDir(folder.path()), .cut = test::cut};
  JobFigures figures;
  TaskLedger ledger{LedgerOptions{}};

  StagesFixture() {
    plan.config.model.architecture = "tiny";
    plan.config.encoder.task_samples = 4;
    plan.config.mining.task_targets = 5;
    plan.config.mining.task_seconds = 0;
    plan.config.train.steps = 7;
  }

  void add(const std::vector<NewTask>& tasks) {
    for (const auto& [task, units] : tasks) {
      ledger.add(task.stage, task.name, jobs::to_json(task), units);
    }
  }
  // Completes the pending task of the stage with the lowest id, and lets the stage learn of it.
  template <jobs::Record Result>
  void complete(Stage stage, const Result& result) {
    const auto id = ledger.lease(WorkerId{1}, stage, TimePoint());
    REQUIRE(id);
    ResultRecord done;
    done.file = ledger.task(*id).name + ".file";
    done.sha256 = "s";
    done.result = jobs::to_json(result);
    REQUIRE(ledger.complete(*id, ledger.task(*id).fence, done) == LeaseOutcome::kOk);
    all_stages(plan).at(static_cast<std::size_t>(stage))->learn(ledger.task(*id), 0, figures);
  }
  void finish_index(bool features = false) {
    add(index_tasks(plan)->next(ledger, figures));
    complete(
        Stage::kIndex,
        jobs::IndexResult{.corpus = corpus, .image_features = features, .text_features = features});
  }
  void finish_encode(const std::string& features_digest = "") {
    const auto encode = encode_tasks(plan);
    add(encode->next(ledger, figures));
    while (!ledger.all_done(Stage::kEncode)) complete(Stage::kEncode, jobs::EncodeResult{});
    add(encode->next(ledger, figures));
    complete(Stage::kEncode, jobs::MergeEncodedResult{.embeddings_digest = "e",
                                                      .features_digest = features_digest});
  }

  const jobs::CorpusFacts corpus = {
      .folder = "/corpus", .fingerprint = "f", .model_digest = "m", .pairs = 10};
};

std::vector<std::string> names(const std::vector<NewTask>& tasks) {
  std::vector<std::string> found;
  for (const NewTask& task : tasks) found.push_back(task.task.name);
  return found;
}

using Names = std::vector<std::string>;
using Files = std::vector<fs::path>;

}  // namespace

TEST_CASE_METHOD(StagesFixture,
                 "index is one task; its products are the location and the manifest") {
  const auto index = index_tasks(plan);
  const auto tasks = index->next(ledger, figures);
  CHECK(names(tasks) == Names{"index"});
  CHECK(tasks.front().task.corpus == jobs::CorpusFacts());
  add(tasks);
  CHECK(index->next(ledger, figures).empty());
  CHECK_FALSE(index->is_done(ledger));
  const std::string result = jobs::to_json(jobs::IndexResult{.corpus = corpus});
  CHECK(index->products(tasks.front().task, result) ==
        Files{plan.work_dir.location(), "/corpus/manifest.json"});
  CHECK_NOTHROW(index->check_result(tasks.front().task, result));
  CHECK_THROWS_WITH(index->check_result(tasks.front().task, "{}"), Contains("index/index: corpus"));
  complete(Stage::kIndex, jobs::IndexResult{.corpus = corpus});
  CHECK(index->is_done(ledger));
}

TEST_CASE_METHOD(StagesFixture, "encode cuts the corpus into ranges and ends with a merge") {
  const bool features = GENERATE(false, true);
  finish_index(features);
  const auto encode = encode_tasks(plan);
  const auto ranges = encode->next(ledger, figures);
  CHECK(names(ranges) == Names{"range-0000000000", "range-0000000004", "range-0000000008"});
  CHECK(ranges.back().units == 2);
  CHECK(jobs::body_of<jobs::EncodeTask>(ranges.back().task).count == 2);
  CHECK(ranges.back().task.corpus == corpus);
  CHECK(encode->products(ranges.back().task, "").empty());
  const auto refused = [&](const jobs::EncodeResult& result) {
    CHECK_THROWS_WITH(encode->check_result(ranges.front().task, jobs::to_json(result)),
                      Contains("another range; expected 4 samples"));
  };
  refused({.samples = 3});
  refused({.samples = 4, .quarantined = 5});
  CHECK_NOTHROW(encode->check_result(
      ranges.front().task, jobs::to_json(jobs::EncodeResult{.samples = 4, .quarantined = 4})));
  CHECK_THROWS_WITH(encode->check_result(ranges.front().task, "{}"), Contains("a key is missing"));
  add(ranges);
  CHECK(encode->planned(ledger) == 4);
  CHECK(encode->next(ledger, figures).empty());
  for (int i = 0; i < 3; ++i) complete(Stage::kEncode, jobs::EncodeResult{.samples = 4});
  CHECK_FALSE(encode->is_done(ledger));
  const auto merge = encode->next(ledger, figures);
  REQUIRE(names(merge) == Names{"merge"});
  CHECK(merge.front().units == 0);
  const auto inputs = encode->merge_inputs(ledger);
  REQUIRE(inputs.size() == 3);
  CHECK(inputs[1].first == 4);
  CHECK(inputs[1].file == (plan.work_dir.tasks(Stage::kEncode) / "range-0000000004.file").string());

  Files products = {plan.work_dir.corpus() / "quarantine.npy",
                    plan.work_dir.root() / "embeddings/tiny/img_emb/img_emb_0.npy",
                    plan.work_dir.root() / "embeddings/tiny/text_emb/text_emb_0.npy"};
  if (features) {
    products.push_back(plan.work_dir.features() / "image_features.npy");
    products.push_back(plan.work_dir.features() / "text_features.npy");
  }
  CHECK(encode->products(merge.front().task, "") == products);
}

TEST_CASE_METHOD(StagesFixture, "ready embeddings are no product of encode") {
  plan.config.encoder.source = config::EncoderSource::kNpy;
  finish_index();
  const auto encode = encode_tasks(plan);
  add(encode->next(ledger, figures));
  for (int i = 0; i < 3; ++i) complete(Stage::kEncode, jobs::EncodeResult{});
  CHECK(encode->products(encode->next(ledger, figures).front().task, "") ==
        Files{plan.work_dir.corpus() / "quarantine.npy"});
}

TEST_CASE_METHOD(StagesFixture,
                 "encode asks before its first task whether the corpus can be mined") {
  finish_index();
  plan.cut = [](std::uint64_t, const config::MiningConfig&, std::uint64_t,
                std::uint64_t) -> std::vector<IndexRange> {
    throw ConfigError({.what = "too few"});
  };
  CHECK_THROWS_AS(encode_tasks(plan)->next(ledger, figures), ConfigError);
  plan.until = Stage::kEncode;
  CHECK(encode_tasks(plan)->next(ledger, figures).size() == 3);
  plan.until = Stage::kReport;
  plan.config.train.hard_pairs = config::HardPairs::kNone;
  CHECK(encode_tasks(plan)->next(ledger, figures).size() == 3);
}

TEST_CASE_METHOD(StagesFixture,
                 "mine asks for the embeddings that encode wrote, in ranges and a merge") {
  finish_index();
  finish_encode();
  const auto mine = mine_tasks(plan);
  const auto ranges = mine->next(ledger, figures);
  CHECK(names(ranges) == Names{"range-0000000000", "range-0000000005"});
  CHECK(jobs::body_of<jobs::MineTask>(ranges.back().task).embeddings_digest == "e");
  CHECK_THROWS_WITH(mine->check_result(ranges.back().task, R"({"targets":4})"),
                    Contains("another range; expected 5 targets; found 4"));
  add(ranges);
  complete(Stage::kMine, jobs::MineResult{.targets = 5});
  complete(Stage::kMine, jobs::MineResult{.targets = 5});
  const auto merge = mine->next(ledger, figures);
  REQUIRE(names(merge) == Names{"merge"});
  CHECK(mine->products(merge.front().task, "") ==
        Files{plan.work_dir.root() / "hard_pairs/1/manifest.json"});
  plan.config.train.hard_pairs = config::HardPairs::kRandom;
  CHECK_FALSE(mine_tasks(plan)->wanted());
}

TEST_CASE_METHOD(StagesFixture,
                 "mine cuts its later ranges once a first one is done, and notes their size") {
  plan.config.mining.task_targets = 1;
  plan.config.mining.task_seconds = 100;
  plan.config.launcher.workers = 1;
  finish_index();
  finish_encode();
  const auto mine = mine_tasks(plan);
  add(mine->next(ledger, figures));
  CHECK(ledger.of_stage(Stage::kMine).size() == 2);
  CHECK(mine->planned(ledger) == 0);  // not known yet
  CHECK(mine->next(ledger, figures).empty());
  CHECK_FALSE(fs::exists(plan.work_dir.mining_task_size()));
  complete(Stage::kMine, jobs::MineResult{.targets = 1});
  const auto learn = [&](double rate) {
    mine->learn(ledger.task(*ledger.next(Stage::kMine)), rate, figures);
  };
  learn(50);
  learn(0);  // not measured
  const auto later = mine->next(ledger, figures);
  CHECK(later.size() == 4);
  CHECK(read_text_file(plan.work_dir.mining_task_size()) == "first 2 targets 2\n");
  // The note counts, whatever is measured afterwards.
  learn(1);
  CHECK(names(mine->next(ledger, figures)) == names(later));
}

TEST_CASE_METHOD(StagesFixture,
                 "train is a task for each seed, with the features that encode wrote") {
  plan.config.train.seed = 3;
  plan.config.train.repeats = 2;
  finish_index(/*features=*/true);
  finish_encode("features");
  const auto train = train_tasks(plan);
  const auto tasks = train->next(ledger, figures);
  CHECK(names(tasks) == Names{"seed-3", "seed-4"});
  CHECK(tasks.front().units == 7);
  CHECK(jobs::body_of<jobs::TrainTask>(tasks.back().task).features_digest == "features");
  CHECK(train->products(tasks.back().task, "") == Files{plan.work_dir.root() / "model-seed-4"});
  const std::string result = jobs::to_json(jobs::TrainResult{.seed = 3});
  CHECK_NOTHROW(train->check_result(tasks.front().task, result));
  CHECK_THROWS_WITH(train->check_result(tasks.back().task, result),
                    Contains("another seed; expected 4; found 3"));
  add(tasks);
  CHECK(train->next(ledger, figures).empty());
}

TEST_CASE_METHOD(StagesFixture, "eval is a task for each model and data set, then a merge") {
  plan.config.eval.datasets = {
      {"a b", "/a", {config::EvalTask::kZeroShot, config::EvalTask::kRetrieval}, "test"},
      {"c", "/c", {config::EvalTask::kRetrieval}, "test"}};
  finish_index();
  const auto eval = eval_tasks(plan);
  CHECK(eval->wanted());
  SECTION("random weights are not scored") {
    plan.config.model.init = "random";
    CHECK(names(eval->next(ledger, figures)) == Names{"seed-1-0-a_b", "seed-1-1-c"});
  }
  SECTION("initial weights are scored first") {
    plan.config.model.init = "/weights";
    const auto tasks = eval->next(ledger, figures);
    CHECK(names(tasks) == Names{"init-0-a_b", "init-1-c", "seed-1-0-a_b", "seed-1-1-c"});
    CHECK_FALSE(jobs::body_of<jobs::EvalDatasetTask>(tasks.front().task).seed);
    CHECK(jobs::body_of<jobs::EvalDatasetTask>(tasks.back().task).dataset == 1);
    CHECK_THROWS_WITH(eval->check_result(tasks.front().task, R"({"scores":[]})"),
                      Contains("another data set; expected 2 scores; found 0"));
    add(tasks);
    for (int i = 0; i < 4; ++i) complete(Stage::kEval, jobs::EvalDatasetResult{});
    const auto merge = eval->next(ledger, figures);
    REQUIRE(names(merge) == Names{"merge"});
    CHECK(eval->products(merge.front().task, "") ==
          Files{plan.work_dir.results(), plan.work_dir.class_recalls()});
    CHECK(eval->merge_inputs(ledger).size() == 4);
  }
  plan.config.eval.datasets.clear();
  CHECK_FALSE(eval_tasks(plan)->wanted());
}

TEST_CASE_METHOD(StagesFixture, "report is one task, if the page is wanted") {
  finish_index();
  const auto report = report_tasks(plan);
  const auto tasks = report->next(ledger, figures);
  CHECK(names(tasks) == Names{"report"});
  CHECK(report->products(tasks.front().task, "{}") == Files{plan.work_dir.report()});
  plan.config.output.report = false;
  CHECK_FALSE(report_tasks(plan)->wanted());
}

TEST_CASE_METHOD(StagesFixture,
                 "the pipeline goes through the stages that are wanted, up to the last one") {
  plan.config.train.hard_pairs = config::HardPairs::kNone;
  const auto stages_run = [&] {
    const Pipeline pipeline(plan);
    std::string run;
    for (const Stage stage : jobs::kStages) {
      if (pipeline.runs(stage)) run += cat(name_of(stage), " ");
    }
    return run;
  };
  CHECK(stages_run() == "index encode train report ");
  plan.until = Stage::kEncode;
  CHECK(stages_run() == "index encode ");
  const Pipeline pipeline(plan);
  CHECK(pipeline.current(ledger) == Stage::kIndex);
  finish_index();
  CHECK(pipeline.current(ledger) == Stage::kEncode);
  finish_encode();
  CHECK_FALSE(pipeline.current(ledger));
}

TEST_CASE_METHOD(StagesFixture, "each stage's digest follows from its own keys alone") {
  const auto digests = [&] {
    std::vector<std::string> found;
    for (const auto& stage : all_stages(plan)) found.push_back(stage->config_digest());
    return found;
  };
  const auto before = digests();
  plan.config.output.gallery_targets += 1;
  auto after = digests();
  CHECK(std::equal(before.begin(), before.end() - 1, after.begin()));
  CHECK(before.back() != after.back());
  plan.config.eval.recall_k = {3};
  CHECK(digests()[static_cast<std::size_t>(Stage::kTrain)] == before[0]);
  CHECK(digests()[static_cast<std::size_t>(Stage::kEval)] != before[4]);
  plan.config.train.lr *= 2;
  CHECK(digests()[0] != before[0]);
}
