#include "cli/job_text.h"

#include <catch2/catch.hpp>

#include "cli/preflight/plan.h"
#include "common/publish.h"
#include "support/temporary_folder.h"

using namespace helip;

namespace {

rpc::JobStatus mining() {
  rpc::JobStatus status;
  status.stage = jobs::Stage::kMine;
  for (const jobs::Stage stage : jobs::kStages) {
    rpc::StageStatus row;
    row.stage = stage;
    row.state = rpc::StageState::kWaiting;
    status.stages.push_back(row);
  }
  rpc::StageStatus& stage = status.stages[2];
  stage.state = rpc::StageState::kRunning;
  stage.unit = "targets";
  stage.done = 230;
  stage.total = 512;
  stage.rate = 12.34;
  stage.eta_seconds = 23;
  rpc::WorkerStatus worker;
  worker.worker = rpc::WorkerId{3};
  worker.host = "n1";
  worker.state = rpc::WorkerState::kWorking;
  worker.task = "mine/range-7";
  status.workers = {worker};
  return status;
}

}  // namespace

TEST_CASE("one line tells stage, share, units, rate and time left") {
  CHECK(cli::one_line(mining()) == "mine  44 %  230/512 targets  12.3/s  ETA 23 s  1 worker");
  rpc::JobStatus done = mining();
  done.state = rpc::JobState::kDone;
  done.stage.reset();
  CHECK(cli::one_line(done) == "done");
}

TEST_CASE("the whole text has a row per stage and per worker, and the failure") {
  rpc::JobStatus status = mining();
  status.failure = "task mine/range-7 failed";
  const std::string text = cli::full_text(status);
  for (const char* part : {"index", "encode", "mine", "train", "eval", "report", "n1:0",
                           "mine/range-7", "failure  task mine/range-7 failed"}) {
    CHECK_THAT(text, Catch::Contains(part));
  }
}

TEST_CASE("a training that waits for its data is called input bound") {
  rpc::JobStatus status = mining();
  status.stage = jobs::Stage::kTrain;
  status.train.emplace();
  status.train->data_share = 0.15;
  CHECK_THAT(cli::one_line(status), !Catch::Contains("input bound"));
  CHECK_THAT(cli::full_text(status), Catch::Contains("waiting for data 15 %\n"));
  status.train->data_share = 0.35;
  CHECK_THAT(cli::one_line(status), Catch::Contains("input bound, 35 % waiting for data"));
  CHECK_THAT(cli::full_text(status), Catch::Contains("waiting for data 35 % (input bound)"));
}

TEST_CASE("the self-supervised loss is told where there is one") {
  rpc::JobStatus status = mining();
  status.stage = jobs::Stage::kTrain;
  status.train.emplace();
  CHECK_THAT(cli::full_text(status), !Catch::Contains("self-supervised"));
  status.train->ssl_loss = 3.25;
  CHECK_THAT(cli::full_text(status), Catch::Contains("margin 0.0000, self-supervised 3.2500)"));
}

TEST_CASE("the last scores of a training are told where there are any") {
  rpc::JobStatus status = mining();
  status.stage = jobs::Stage::kTrain;
  status.train.emplace();
  CHECK_THAT(cli::full_text(status), !Catch::Contains("scores"));
  status.train->scores = {{"dev", "acc1", 0.5}, {"pairs", "mean_recall@1", 0.25}};
  status.train->scores_step = 40;
  CHECK_THAT(cli::full_text(status),
             Catch::Contains("scores   step 40  dev acc1 0.5000  pairs mean_recall@1 0.2500\n"));
}

TEST_CASE("the plan counts tasks from the corpus' manifest, or says that it cannot yet") {
  const test::TemporaryFolder folder;
  config::RunConfig config;
  config.output.work_dir = (folder.path() / "work").string();
  config.corpus.path = folder.path().string();
  config.model.architecture = "helip-test-tiny";
  config.train.steps = 10;
  CHECK_THAT(cli::plan_text(config, jobs::Stage::kReport), Catch::Contains("known after index"));
  CHECK_THAT(cli::plan_text(config, jobs::Stage::kMine), Catch::Contains("not part of this job"));
  CHECK_FALSE(std::filesystem::exists(config.output.work_dir));
}

TEST_CASE("the plan says how often the model is scored while it is trained") {
  const test::TemporaryFolder folder;
  config::RunConfig config;
  config.output.work_dir = (folder.path() / "work").string();
  config.corpus.path = folder.path().string();
  config.model.architecture = "helip-test-tiny";
  config.train.steps = 10;
  CHECK_THAT(cli::plan_text(config, jobs::Stage::kReport), !Catch::Contains("scored"));
  config.scores.datasets.resize(2);
  config.scores.every_steps = 4;
  CHECK_THAT(cli::plan_text(config, jobs::Stage::kReport),
             Catch::Contains("; scored every 4 steps on 2 data sets"));
}
