// How a job begins, goes on, and begins again in part.
#include <catch2/catch.hpp>
#include <set>

#include "config/to_yaml.h"
#include "coordinator/job_fixture.h"

using namespace helip;
using coordinator::Stage;
using test::all_tasks;
using test::JobFixture;
using test::refused;

TEST_CASE("results of a stage that were removed are made again before they are merged again") {
  JobFixture fixture;
  fixture.work_until_told_to_leave(fixture.enroll());
  std::filesystem::remove_all(fixture.work_dir.tasks(Stage::kMine));
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kMine);
  const std::vector<Stage> all(jobs::kStages.begin(), jobs::kStages.end());
  const auto ann = fixture.enroll(all, "a");
  const auto bob = fixture.enroll(all, "b");
  const auto first = fixture.lease(ann);
  fixture.job->complete(fixture.finished(fixture.lease(bob)));
  // The merge task would find nothing of the first range.
  CHECK(std::holds_alternative<rpc::Wait>(fixture.acquire(bob)));
  fixture.job->complete(fixture.finished(first));
  const auto lease = fixture.lease(bob);
  const auto merge = jobs::task_from_json(lease.spec, "");
  CHECK(merge.name == "merge");
  const auto inputs = jobs::merge_inputs_from_lines(
      read_text_file(fixture.work_dir.merge_inputs(merge.stage)), "inputs");
  REQUIRE(inputs.size() == 2);
  for (const auto& input : inputs) CHECK(sha256_file(input.file) == input.sha256);
  fixture.job->complete(fixture.finished(lease));
  CHECK(fixture.job->state() == rpc::JobState::kDone);
}

namespace {

// A finished job with two data sets.
JobFixture evaluated_job() {
  config::RunConfig config = test::small_config();
  config.model.init = "/weights";
  config.eval.datasets = {{"a", "/a", {config::EvalTask::kZeroShot}, "test"},
                          {"b", "/b", {config::EvalTask::kRetrieval}, "test"}};
  return JobFixture(config);
}

std::set<std::string> not_done(const coordinator::Job& job) {
  std::set<std::string> names;
  for (const auto& row : all_tasks(job)) {
    if (row.state != rpc::TaskState::kDone) names.insert(cat(name_of(row.stage), "/", row.name));
  }
  return names;
}

}  // namespace

TEST_CASE("a changed evaluation is done again on the model that was trained, and its report") {
  JobFixture fixture = evaluated_job();
  fixture.work_until_told_to_leave(fixture.enroll());
  REQUIRE(fixture.job->state() == rpc::JobState::kDone);
  const auto trained = all_tasks(*fixture.job);
  publish_file(fixture.work_dir.model(fixture.config.train, 1) / "weights", "trained");

  SECTION("another split") { fixture.config.eval.datasets[1].split = "validation"; }
  SECTION("another number of neighbours") { fixture.config.eval.recall_k = {3}; }
  SECTION("another data set under the same name") { fixture.config.eval.datasets[0].path = "/c"; }
  SECTION("fewer data sets") { fixture.config.eval.datasets.pop_back(); }
  SECTION("more data sets") {
    fixture.config.eval.datasets.push_back({"c", "/c", {config::EvalTask::kRetrieval}, "test"});
  }
  const std::size_t sets = fixture.config.eval.datasets.size();
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kEval);
  CHECK(not_done(*fixture.job).size() == 2 * sets);
  // Figures of before are not to be taken for those to come.
  CHECK_FALSE(std::filesystem::exists(fixture.work_dir.results()));
  CHECK_FALSE(std::filesystem::exists(fixture.work_dir.report()));
  CHECK(read_text_file(fixture.work_dir.config()) == config::to_yaml(fixture.config));

  // A restart before the first task, or after some, goes on from there.
  fixture.open();
  CHECK(not_done(*fixture.job).size() == 2 * sets);
  fixture.work_until_told_to_leave(fixture.enroll(), 1);
  fixture.open();
  CHECK(not_done(*fixture.job).size() == 2 * sets - 1);
  const auto worker = fixture.enroll();
  fixture.work_until_told_to_leave(worker, static_cast<int>(2 * sets) - 1);
  const auto lease = fixture.lease(worker);
  const auto merge = jobs::task_from_json(lease.spec, "");
  CHECK(merge.name == "merge");
  const auto inputs = jobs::merge_inputs_from_lines(
      read_text_file(fixture.work_dir.merge_inputs(merge.stage)), "inputs");
  CHECK(inputs.size() == 2 * sets);
  fixture.job->complete(fixture.finished(lease));
  CHECK(fixture.work_until_told_to_leave(worker) == "the job is done");
  CHECK(std::filesystem::exists(fixture.work_dir.results()));
  CHECK(std::filesystem::exists(fixture.work_dir.report()));

  CHECK(read_text_file(fixture.work_dir.model(fixture.config.train, 1) / "weights") == "trained");
  for (const auto& row : all_tasks(*fixture.job)) {
    if (row.stage >= Stage::kEval) continue;
    CHECK(row.attempts == trained.at(rpc::number(row.task) - 1).attempts);
  }
  fixture.open();
  CHECK(fixture.job->state() == rpc::JobState::kDone);
}

TEST_CASE("data sets whose files have changed are scored again, and nothing else is done again") {
  JobFixture fixture = evaluated_job();
  fixture.data_stamps = {{"a", "1"}, {"b", "1"}};
  fixture.open();
  fixture.work_until_told_to_leave(fixture.enroll());
  fixture.open();
  REQUIRE(fixture.job->state() == rpc::JobState::kDone);

  // Not known: not compared.
  fixture.data_stamps.reset();
  fixture.open();
  CHECK(fixture.job->state() == rpc::JobState::kDone);

  fixture.data_stamps = {{"a", "1"}, {"b", "2"}};
  SECTION("with the ledger") {}
  SECTION("with the results alone, as after the loss of the ledger") {
    fixture.job.reset();
    std::filesystem::remove(fixture.work_dir.database());
  }
  SECTION("where the note of what was scored is damaged") {
    publish_file(fixture.work_dir.data_stamps(), "{");
    fixture.data_stamps = {{"a", "1"}, {"b", "1"}};
  }
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kEval);
  CHECK(not_done(*fixture.job).size() == 4);
  CHECK_FALSE(std::filesystem::exists(fixture.work_dir.results()));
  CHECK_FALSE(std::filesystem::exists(fixture.work_dir.report()));
  // They change again while some are scored.
  fixture.work_until_told_to_leave(fixture.enroll(), 1);
  fixture.data_stamps = {{"a", "3"}, {"b", "2"}};
  fixture.open();
  CHECK(not_done(*fixture.job).size() == 4);
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
  fixture.open();
  CHECK(fixture.job->state() == rpc::JobState::kDone);
  CHECK(jobs::noted_stamps(fixture.work_dir) == fixture.data_stamps);
}

TEST_CASE("without evaluation no figures of a former one remain") {
  JobFixture fixture = evaluated_job();
  fixture.work_until_told_to_leave(fixture.enroll());
  fixture.config.eval.datasets.clear();
  fixture.open();
  CHECK_FALSE(std::filesystem::exists(fixture.work_dir.results()));
  CHECK(not_done(*fixture.job) == std::set<std::string>{"report/report"});
  fixture.work_until_told_to_leave(fixture.enroll());
  // And back again.
  fixture.config = evaluated_job().config;
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kEval);
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
}

TEST_CASE("what the report alone shows makes the report alone again") {
  JobFixture fixture = evaluated_job();
  fixture.work_until_told_to_leave(fixture.enroll());
  fixture.config.output.gallery_targets = 3;
  fixture.open();
  CHECK(not_done(*fixture.job) == std::set<std::string>{"report/report"});
  CHECK(std::filesystem::exists(fixture.work_dir.results()));
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
}

TEST_CASE("what trains or mines is not changed under a finished job") {
  JobFixture fixture = evaluated_job();
  fixture.work_until_told_to_leave(fixture.enroll());
  const auto refused_naming = [&](const std::string& key, auto&& change) {
    const config::RunConfig former = fixture.config;
    change(fixture.config);
    fixture.config.eval.recall_k = {7};
    CHECK_THROWS_WITH(fixture.open(), Catch::Contains(key) && Catch::Contains("expected") &&
                                          Catch::Contains("found"));
    fixture.config = former;
  };
  refused_naming("train.lr", [](config::RunConfig& config) { config.train.lr = 0.5; });
  refused_naming("mining.hub_cap", [](config::RunConfig& config) { config.mining.hub_cap = 2; });
  refused_naming("early_stop.patience",
                 [](config::RunConfig& config) { config.early_stop.patience = 5; });
  fixture.open();
  CHECK(fixture.job->state() == rpc::JobState::kDone);
}

TEST_CASE("a crash while the former evaluation is cleared away is made good by the next start") {
  JobFixture fixture = evaluated_job();
  fixture.work_until_told_to_leave(fixture.enroll());
  const config::RunConfig former = fixture.config;
  // The files are gone, the ledger still knows the tasks.
  std::filesystem::remove(fixture.work_dir.results());
  std::filesystem::remove_all(fixture.work_dir.tasks(Stage::kEval));
  SECTION("with the new configuration") { fixture.config.eval.recall_k = {3}; }
  SECTION("with the former one") {}
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kEval);
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
  CHECK(std::filesystem::exists(fixture.work_dir.results()));
}

TEST_CASE("a worker of the former evaluation cannot give its result for the new one's task") {
  JobFixture fixture = evaluated_job();
  const auto late = fixture.enroll();
  fixture.work_until_told_to_leave(late, 8);  // up to training
  const auto trainer = fixture.acquire(late, true);
  fixture.job->complete(fixture.finished(std::get<rpc::Lease>(trainer)));
  const auto held = fixture.lease(fixture.enroll());
  REQUIRE(jobs::task_from_json(held.spec, "").stage == Stage::kEval);
  fixture.config.eval.recall_k = {3};
  fixture.open();
  const auto result = fixture.finished(held);
  const auto granted = fixture.lease(fixture.enroll());
  CHECK(granted.task == held.task);
  CHECK(rpc::number(granted.fence) > rpc::number(held.fence));
  CHECK(refused([&] { fixture.job->complete(result); }) == rpc::RpcCode::kFailedPrecondition);
  rpc::RegisterRequest again;
  again.launch = "late";
  again.world_size = 1;
  again.stages = {Stage::kEval};
  again.config_digest = late.config_digest;
  CHECK(refused([&] { fixture.job->register_worker(again); }) == rpc::RpcCode::kFailedPrecondition);
}

TEST_CASE("the corpus is found by its location; without it it is indexed again") {
  JobFixture fixture;
  fixture.work_until_told_to_leave(fixture.enroll());
  std::filesystem::remove(fixture.work_dir.corpus() / "location.txt");
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kIndex);
}

TEST_CASE("a job does not go on with another initial model, nor from another place") {
  JobFixture fixture;
  fixture.job->complete(fixture.finished(fixture.lease(fixture.enroll())));  // index
  const auto encode = jobs::task_from_json(fixture.lease(fixture.enroll()).spec, "");
  CHECK(encode.corpus.model_digest == "m");
  CHECK(encode.corpus.fingerprint == "f");
  fixture.model_digest = "other";
  CHECK_THROWS_WITH(fixture.open(), Catch::Contains("initial model") && Catch::Contains("other"));
  fixture.model_digest = "m";
  fixture.open();

  fixture.job.reset();
  const auto moved = fixture.folder.path() / "moved";
  std::filesystem::rename(fixture.work_dir.root(), moved);
  const std::string former = fixture.work_dir.root().string();
  fixture.work_dir = jobs::WorkDir(moved);
  CHECK_THROWS_WITH(fixture.open(), Catch::Contains("was moved") && Catch::Contains(former));
}

TEST_CASE("--until stops after its stage and a later start goes on from there") {
  JobFixture fixture;
  fixture.open(true, Stage::kMine);
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
  CHECK(all_tasks(*fixture.job).size() == 8);
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kTrain);
}
