#include "coordinator/job.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "common/error.h"
#include "config/to_yaml.h"
#include "coordinator/job_fixture.h"
#include "coordinator/mine_task_size.h"
#include "coordinator/sqlite.h"

using namespace helip;
using coordinator::Stage;
using test::JobFixture;

namespace {

rpc::HeartbeatRequest beat(const rpc::RegisterReply& worker) {
  rpc::HeartbeatRequest request;
  request.worker = worker.worker;
  request.epoch = worker.epoch;
  return request;
}

rpc::HeartbeatRequest beat(const rpc::RegisterReply& worker, const rpc::Lease& lease,
                           std::uint64_t done) {
  rpc::HeartbeatRequest request = beat(worker);
  rpc::LeaseProgress progress;
  progress.task = lease.task;
  progress.fence = lease.fence;
  progress.done = done;
  request.leases.push_back(progress);
  return request;
}

std::vector<rpc::TaskRow> all_tasks(const coordinator::Job& job) {
  std::uint64_t matching = 0;
  return job.tasks({}, {}, 0, 1000, matching);
}

template <typename Call>
rpc::RpcCode refused(Call&& call) {
  try {
    call();
  } catch (const rpc::RpcError& error) {
    return error.code();
  }
  FAIL("the call was not refused");
  return rpc::RpcCode::kInternal;
}

}  // namespace

TEST_CASE("one worker takes a job through all its stages") {
  JobFixture fixture;
  CHECK(fixture.job->stage() == Stage::kIndex);
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
  CHECK(fixture.job->state() == rpc::JobState::kDone);
  std::set<std::string> names;
  for (const auto& row : all_tasks(*fixture.job)) {
    names.insert(cat(name_of(row.stage), "/", row.name));
    CHECK(row.state == rpc::TaskState::kDone);
  }
  CHECK(names == std::set<std::string>{
                     "index/index", "encode/range-0000000000", "encode/range-0000000004",
                     "encode/range-0000000008", "encode/merge", "mine/range-0000000000",
                     "mine/range-0000000005", "mine/merge", "train/seed-1", "report/report"});

  SECTION("a second start finds nothing to do") {
    fixture.open();
    CHECK(fixture.job->state() == rpc::JobState::kDone);
  }
  SECTION("a product that was removed is made again, and nothing else") {
    std::filesystem::remove_all(fixture.work_dir.first_table());
    fixture.open();
    CHECK(fixture.job->stage() == Stage::kMine);
    const auto worker = fixture.enroll();
    const auto lease = fixture.lease(worker);
    CHECK(jobs::task_from_json(lease.spec, "").name == "merge");
    fixture.job->complete(fixture.finished(lease));
    CHECK(fixture.job->state() == rpc::JobState::kDone);
  }
}

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
  refused_naming("early_stop.split",
                 [](config::RunConfig& config) { config.early_stop.split = "dev"; });
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

TEST_CASE("the status tells how many pairs encode could not read") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  fixture.work_until_told_to_leave(worker, 4);  // index and the three ranges
  CHECK(fixture.job->status().quarantined == 0);
  fixture.work_until_told_to_leave(worker, 1);
  CHECK(fixture.job->status().quarantined == 3);
}

TEST_CASE("encode stops the job as soon as its tasks quarantine more than the limit of all pairs") {
  config::RunConfig config = test::small_config();
  config.corpus.max_quarantined = 0.2;
  JobFixture fixture(config);
  fixture.range_quarantined = 2;
  const auto worker = fixture.enroll();
  fixture.work_until_told_to_leave(worker, 2);  // index and a range: 2 of 10 are allowed
  CHECK(fixture.job->state() == rpc::JobState::kRunning);
  fixture.work_until_told_to_leave(worker, 1);
  const rpc::JobStatus status = fixture.job->status();
  CHECK(status.state == rpc::JobState::kFailed);
  CHECK(status.failure.find("too many samples of the corpus are unusable") != std::string::npos);
  CHECK(status.failure.find("at most 20 % (corpus.max_quarantined); found 4 of 10, 40 %") !=
        std::string::npos);

  // A restart knows it too.
  fixture.open();
  CHECK(fixture.job->state() == rpc::JobState::kFailed);

  // After the last range it is the merge that says it.
  config.corpus.max_quarantined = 0.5;
  JobFixture late(config);
  late.range_quarantined = 2;
  late.work_until_told_to_leave(late.enroll());
  CHECK(late.job->state() == rpc::JobState::kDone);
}

TEST_CASE("stages that the configuration leaves out are skipped") {
  config::RunConfig config = test::small_config();
  config.train.hard_pairs = config::HardPairs::kNone;
  config.output.report = false;
  JobFixture fixture(config);
  fixture.work_until_told_to_leave(fixture.enroll());
  // index, three ranges and their merge, train: what cannot be decoded must be known without mining
  // too.
  CHECK(all_tasks(*fixture.job).size() == 6);
  const rpc::JobStatus status = fixture.job->status();
  CHECK(status.stages[1].state == "done");
  CHECK(status.stages[2].state == "skipped");
  CHECK(status.stages[3].state == "done");
}

TEST_CASE("--until stops after its stage and a later start goes on from there") {
  JobFixture fixture;
  fixture.open(true, Stage::kMine);
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
  CHECK(all_tasks(*fixture.job).size() == 8);
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kTrain);
}

TEST_CASE("a merge task waits for all ranges and lists their files in order") {
  JobFixture fixture;
  const auto ann = fixture.enroll({jobs::kStages.begin(), jobs::kStages.end()}, "a");
  const auto bob = fixture.enroll({jobs::kStages.begin(), jobs::kStages.end()}, "b");
  fixture.job->complete(fixture.finished(fixture.lease(ann)));  // index
  const auto first = fixture.lease(ann);
  const auto second = fixture.lease(bob);
  const auto third = fixture.lease(ann);
  fixture.job->complete(fixture.finished(third));
  fixture.job->complete(fixture.finished(first));
  CHECK(std::holds_alternative<rpc::Wait>(fixture.acquire(ann)));
  fixture.job->complete(fixture.finished(second));
  const auto merge = jobs::task_from_json(fixture.lease(bob).spec, "");
  CHECK(merge.kind == "merge");
  const auto inputs = jobs::merge_inputs_from_lines(
      read_text_file(fixture.work_dir.merge_inputs(merge.stage)), "inputs");
  REQUIRE(inputs.size() == 3);
  CHECK(inputs[1].first == 4);
  CHECK(inputs[2].count == 2);
  CHECK(std::filesystem::exists(inputs[2].file));
}

TEST_CASE("a worker that is silent loses its lease to another, and its late result is refused") {
  JobFixture fixture;
  const auto ann = fixture.enroll({jobs::kStages.begin(), jobs::kStages.end()}, "a");
  const auto lost = fixture.lease(ann);
  fixture.clock.advance(31);
  fixture.job->tick();
  CHECK(fixture.job->status().workers.front().state == "lost");

  const auto bob = fixture.enroll({jobs::kStages.begin(), jobs::kStages.end()}, "b");
  const auto again = fixture.lease(bob);
  CHECK(again.task == lost.task);
  CHECK(rpc::number(again.fence) == rpc::number(lost.fence) + 1);
  CHECK(fixture.job->heartbeat(beat(ann, lost, 1)).lost == std::vector<rpc::TaskId>{lost.task});
  const auto late = fixture.finished(lost);
  CHECK(refused([&] { fixture.job->complete(late); }) == rpc::RpcCode::kFailedPrecondition);

  const auto done = fixture.finished(again);
  fixture.job->complete(done);
  fixture.job->complete(done);  // the acknowledgement was lost: the same answer
  CHECK(refused([&] { fixture.job->complete(late); }) == rpc::RpcCode::kFailedPrecondition);
}

TEST_CASE("heartbeats keep a lease for as long as they come") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  const auto lease = fixture.lease(worker);
  for (int i = 0; i < 10; ++i) {
    fixture.clock.advance(20);
    CHECK(fixture.job->heartbeat(beat(worker, lease, static_cast<std::uint64_t>(i))).lost.empty());
    fixture.job->tick();
  }
  fixture.job->complete(fixture.finished(lease));
}

TEST_CASE("a result is read again before it counts") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  const auto lease = fixture.lease(worker);
  auto done = fixture.finished(lease);
  const auto file = fixture.work_dir.tasks(Stage::kIndex) /
                    jobs::result_name(jobs::task_from_json(lease.spec, ""),
                                      rpc::number(lease.fence), done.sha256);
  SECTION("flipped byte") {
    std::fstream damaged(file, std::ios::in | std::ios::out);
    damaged.seekp(3);
    damaged << '\x7F';
  }
  SECTION("cut off") { std::filesystem::resize_file(file, done.bytes - 1); }
  SECTION("missing") { std::filesystem::remove(file); }
  CHECK(refused([&] { fixture.job->complete(done); }) == rpc::RpcCode::kFailedPrecondition);
  CHECK(all_tasks(*fixture.job).front().state == rpc::TaskState::kLeased);
}

TEST_CASE("a result counts as its file says it, if it is of this task") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  fixture.work_until_told_to_leave(worker, 1);
  const auto lease = fixture.lease(worker);
  const jobs::Task task = jobs::task_from_json(lease.spec, "");
  const auto refuse = [&](const rpc::Lease& as, const std::string& result) {
    const auto done = fixture.finished_with(as, result);
    rpc::CompleteRequest said = done;
    said.task = lease.task;
    CHECK(refused([&] { fixture.job->complete(said); }) == rpc::RpcCode::kFailedPrecondition);
  };
  rpc::Lease other = lease;
  SECTION("a key is missing") { refuse(lease, "{}"); }
  SECTION("an unknown key") { refuse(lease, R"({"samples":4,"quarantined":0,"x":1})"); }
  SECTION("another type") { refuse(lease, R"({"samples":"4","quarantined":0})"); }
  SECTION("no object") { refuse(lease, "[1]"); }
  SECTION("a number of another range") { refuse(lease, R"({"samples":3,"quarantined":0})"); }
  SECTION("more quarantined than samples") { refuse(lease, R"({"samples":4,"quarantined":5})"); }
  SECTION("another configuration") {
    jobs::Task foreign = task;
    foreign.config_digest = "d";
    other.spec = jobs::to_json(foreign);
    refuse(other, fixture.make_result(foreign));
  }
  SECTION("another corpus") {
    jobs::Task foreign = task;
    foreign.corpus.fingerprint = "g";
    other.spec = jobs::to_json(foreign);
    refuse(other, fixture.make_result(foreign));
  }
  CHECK(fixture.job->status().stages[1].tasks_done == 0);
  fixture.job->complete(fixture.finished(lease));
  CHECK(fixture.job->status().stages[1].tasks_done == 1);
}

TEST_CASE("malformed completions are refused without a change of state") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  const auto good = fixture.finished(fixture.lease(worker));
  auto bad = good;
  SECTION("digest with a path in it") {
    bad.sha256 = "../../../../etc/passwd" + std::string(42, 'a');
  }
  SECTION("digest too short") { bad.sha256.pop_back(); }
  CHECK(refused([&] { fixture.job->complete(bad); }) == rpc::RpcCode::kInvalidArgument);
  bad = good;
  bad.task = rpc::TaskId{77};
  CHECK(refused([&] { fixture.job->complete(bad); }) == rpc::RpcCode::kNotFound);
  fixture.job->complete(good);
}

TEST_CASE("a task that fails too often fails the job, naming it and its last error") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const auto lease = fixture.lease(worker);
    rpc::FailRequest failure;
    failure.task = lease.task;
    failure.fence = lease.fence;
    failure.error = cat("truncated tar ", attempt);
    fixture.job->fail(failure);
  }
  CHECK(fixture.job->state() == rpc::JobState::kFailed);
  CHECK_THAT(fixture.job->status().failure, Catch::Contains("index/index") &&
                                                Catch::Contains("truncated tar 2") &&
                                                Catch::Contains("2 attempts"));
  CHECK(fixture.job->heartbeat(beat(worker)).stop);
  CHECK(std::get<rpc::Leave>(fixture.acquire(worker)).failed);
  CHECK_FALSE(fixture.job->failed_by_config());

  fixture.open();
  CHECK(fixture.job->state() == rpc::JobState::kRunning);
  fixture.lease(fixture.enroll());
}

TEST_CASE("a wrong configuration fails the job at once") {
  JobFixture fixture;
  const auto lease = fixture.lease(fixture.enroll());
  rpc::FailRequest failure;
  failure.task = lease.task;
  failure.fence = lease.fence;
  failure.error = "k is larger than the pool";
  failure.kind = rpc::FailureKind::kConfig;
  fixture.job->fail(failure);
  CHECK(fixture.job->state() == rpc::JobState::kFailed);
  CHECK(fixture.job->failed_by_config());
}

TEST_CASE("an empty corpus fails the job") {
  JobFixture fixture;
  fixture.pairs = 0;
  fixture.work_until_told_to_leave(fixture.enroll(), 1);
  CHECK(fixture.job->state() == rpc::JobState::kFailed);
  CHECK_THAT(fixture.job->status().failure, Catch::Contains("nothing to encode"));
}

TEST_CASE("a worker that does not fit is refused, naming the field") {
  JobFixture fixture;
  fixture.work_until_told_to_leave(fixture.enroll(), 1);  // the corpus is known
  rpc::RegisterRequest request;
  request.launch = "x";
  request.stages = {Stage::kMine};
  const char* field = "";
  SECTION("protocol") {
    request.protocol_version = 99;
    field = "protocol_version";
  }
  SECTION("build") {
    request.build = "0.0.0";
    field = "build";
  }
  SECTION("configuration") {
    request.config_digest = "abc";
    field = "config_digest";
  }
  SECTION("corpus") {
    request.corpus_fingerprint = "another";
    field = "corpus_fingerprint";
  }
  SECTION("model") {
    request.model_digest = "another";
    field = "model_digest";
  }
  CHECK_THROWS_WITH(fixture.job->register_worker(request), Catch::Contains(field));
  CHECK(refused([&] { fixture.job->register_worker(request); }) ==
        rpc::RpcCode::kFailedPrecondition);
}

TEST_CASE(
    "a coordinator that was restarted asks workers to register again and takes their results") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  const auto lease = fixture.lease(worker);
  fixture.open(/*drop_leases=*/false);
  CHECK(refused([&] { fixture.job->heartbeat(beat(worker, lease, 1)); }) ==
        rpc::RpcCode::kNotFound);
  const auto again = fixture.enroll();
  CHECK(again.epoch == worker.epoch + 1);
  CHECK(fixture.job->heartbeat(beat(again, lease, 1)).lost.empty());
  fixture.job->complete(fixture.finished(lease));
  CHECK(fixture.job->stage() == Stage::kEncode);
}

TEST_CASE("`helip run` drops the leases of its former self; the attempt does not count") {
  JobFixture fixture;
  for (int start = 0; start < 6; ++start) {
    fixture.lease(fixture.enroll());
    fixture.open(/*drop_leases=*/true);
    CHECK(fixture.job->state() == rpc::JobState::kRunning);
  }
}

TEST_CASE(
    "the launch that came first with train among its stages trains, once all its ranks are there") {
  JobFixture fixture;
  fixture.open(true, Stage::kTrain);
  fixture.work_until_told_to_leave(
      fixture.enroll({Stage::kIndex, Stage::kEncode, Stage::kMine}, "m"));
  REQUIRE(fixture.job->stage() == Stage::kTrain);
  const std::vector<Stage> all(jobs::kStages.begin(), jobs::kStages.end());
  const auto first = fixture.enroll(all, "a", 0, 2);
  CHECK(std::holds_alternative<rpc::Wait>(fixture.acquire(first)));
  const auto other = fixture.enroll(all, "b", 0, 1);
  SECTION("the complete launch is chosen and stays chosen") {
    CHECK(std::holds_alternative<rpc::EnterTraining>(fixture.acquire(other)));
    const auto second = fixture.enroll(all, "a", 1, 2);
    CHECK(std::get<rpc::Leave>(fixture.acquire(second)).reason == "another launch trains");
    CHECK(std::holds_alternative<rpc::Lease>(fixture.acquire(other, true)));
    CHECK(std::holds_alternative<rpc::Wait>(fixture.acquire(other, true)));
  }
  SECTION("the first launch is preferred once it is complete") {
    const auto second = fixture.enroll(all, "a", 1, 2);
    CHECK(std::holds_alternative<rpc::EnterTraining>(fixture.acquire(second)));
    CHECK(std::get<rpc::Leave>(fixture.acquire(other)).reason == "another launch trains");
    // A worker that only evaluates stays until it is its turn.
    fixture.open();
  }
}

TEST_CASE("when a launch ends its leases are free at once and the attempts do not count") {
  JobFixture fixture;
  for (int i = 0; i < 5; ++i) {
    const auto worker = fixture.enroll();
    const auto lease = fixture.lease(worker);
    CHECK(lease.attempt == 1);
    fixture.job->launch_ended("launch");
    CHECK(fixture.job->status().workers.empty());
  }
}

TEST_CASE("a ledger that is lost in the middle of any stage is rebuilt from the result files") {
  config::RunConfig config = test::small_config();
  config.corpus.max_quarantined = 0.5;
  config.model.init = "/weights";
  config.eval.datasets = {{"a", "/a", {config::EvalTask::kZeroShot}, "test"},
                          {"b", "/b", {config::EvalTask::kRetrieval}, "test"}};
  JobFixture fixture(config);
  fixture.range_quarantined = 1;
  // 15 tasks: index, 3 ranges and a merge, 2 ranges and a merge, a training, 4 evaluations and a
  // merge, report.
  const int done = GENERATE(range(1, 15));
  CAPTURE(done);
  fixture.work_until_told_to_leave(fixture.enroll(), done);
  const auto before = all_tasks(*fixture.job);
  const auto quarantined = fixture.job->status().quarantined;
  fixture.job.reset();
  const bool damaged = GENERATE(false, true);
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::remove(fixture.work_dir.database().string() + suffix);
  }
  if (damaged) std::ofstream(fixture.work_dir.database()) << std::string(5000, 'x');
  fixture.open();
  // The same tasks are done by the same attempts, and no other.
  const auto after = all_tasks(*fixture.job);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(after[i].name == before[i].name);
    CHECK(after[i].state == before[i].state);
    CHECK(after[i].fence == before[i].fence);
    CHECK(after[i].result_sha256 == before[i].result_sha256);
  }
  CHECK(fixture.job->status().quarantined == quarantined);
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
  CHECK(all_tasks(*fixture.job).size() == 15);
}

TEST_CASE("results are taken over at a second start too, after a task that had lost its own") {
  JobFixture fixture;
  // Index, three ranges and the merge of encode, a range of mine.
  fixture.work_until_told_to_leave(fixture.enroll(), 6);
  const auto before = all_tasks(*fixture.job);
  fixture.job.reset();
  std::filesystem::remove(fixture.work_dir.database());
  for (const auto& entry :
       std::filesystem::directory_iterator(fixture.work_dir.tasks(Stage::kEncode))) {
    if (entry.path().filename().string().starts_with(before[1].name)) {
      std::filesystem::remove(entry.path());
    }
  }
  fixture.open();
  CHECK(all_tasks(*fixture.job)[1].state == rpc::TaskState::kPending);
  fixture.job.reset();
  fixture.open();
  // The range that is done again gives the same, so what follows it is still right.
  fixture.work_until_told_to_leave(fixture.enroll(), 1);
  const auto after = all_tasks(*fixture.job);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CAPTURE(after[i].name);
    CHECK(after[i].state == before[i].state);
  }
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
}

TEST_CASE("pairs that taken over ranges quarantined count against the limit") {
  config::RunConfig config = test::small_config();
  config.corpus.max_quarantined = 0.2;
  JobFixture fixture(config);
  fixture.range_quarantined = 2;
  fixture.work_until_told_to_leave(fixture.enroll(), 2);
  fixture.job.reset();
  std::filesystem::remove(fixture.work_dir.database());
  fixture.open();
  CHECK(fixture.job->state() == rpc::JobState::kRunning);
  fixture.work_until_told_to_leave(fixture.enroll(), 1);
  CHECK_THAT(fixture.job->status().failure, Catch::Contains("found 4 of 10"));
}

TEST_CASE("a ledger with a changed task is rebuilt from the result files") {
  JobFixture fixture;
  fixture.work_until_told_to_leave(fixture.enroll(), 2);
  fixture.job.reset();
  const char* damage =
      GENERATE("UPDATE tasks SET spec = '{}' WHERE id = 2",
               "UPDATE tasks SET spec = replace(spec, 'count', 'cound')",
               "UPDATE tasks SET spec = replace(spec, '4', '3')", "UPDATE tasks SET units = 1",
               "DELETE FROM tasks WHERE id = 1", "UPDATE tasks SET result = '{}' WHERE id = 2",
               "UPDATE tasks SET result = replace(result, '0', '1')",
               "UPDATE tasks SET result_sha256 = replace(result_sha256, 'a', 'b')",
               "UPDATE facts SET value = '/elsewhere' WHERE key = 'work_dir'",
               "UPDATE facts SET value = 'another' WHERE key = 'training_digest'");
  CAPTURE(damage);
  coordinator::Database(fixture.work_dir.database()).execute(damage);
  fixture.open();
  CHECK(std::filesystem::exists(fixture.work_dir.database().string() + ".damaged-1"));
  CHECK(all_tasks(*fixture.job)[1].state == rpc::TaskState::kDone);
  CHECK(fixture.work_until_told_to_leave(fixture.enroll()) == "the job is done");
}

TEST_CASE("a lost ledger does not take over damaged or foreign results") {
  JobFixture fixture;
  fixture.work_until_told_to_leave(fixture.enroll(), 1);
  fixture.job.reset();
  std::filesystem::remove(fixture.work_dir.database());
  for (const auto& entry :
       std::filesystem::directory_iterator(fixture.work_dir.tasks(Stage::kIndex))) {
    std::ofstream(entry.path(), std::ios::app) << " ";
  }
  fixture.open();
  CHECK(fixture.job->stage() == Stage::kIndex);
}

TEST_CASE("status shows the stage's progress, rate and time left") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  fixture.job->complete(fixture.finished(fixture.lease(worker)));
  fixture.job->tick();
  const auto lease = fixture.lease(worker);
  fixture.clock.advance(2);
  fixture.job->heartbeat(beat(worker, lease, 2));
  fixture.job->tick();
  const rpc::JobStatus status = fixture.job->status();
  CHECK(status.stage == Stage::kEncode);
  const auto& encode = status.stages[1];
  CHECK(encode.state == "running");
  CHECK(encode.done == 2);
  CHECK(encode.total == 10);
  CHECK(encode.tasks_total == 4);
  CHECK(encode.rate == Approx(1.0));
  CHECK(encode.eta_seconds == Approx(8.0));
  REQUIRE(status.workers.size() == 1);
  CHECK(status.workers.front().state == "working");
  CHECK(status.workers.front().task == "encode/range-0000000000");
}

TEST_CASE("a stage's end leaves a snapshot and only the files that the ledger names") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  publish_file(fixture.work_dir.tasks(Stage::kIndex) / "index-9-0000000000000000.json", "loser");
  fixture.job->complete(fixture.finished(fixture.lease(worker)));
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(fixture.work_dir.tasks(Stage::kIndex))) {
    CHECK(entry.path().filename().string().starts_with("index-1-"));
    ++files;
  }
  CHECK(files == 1);
  const auto saved = rpc::job_status_from_json(read_text_file(fixture.work_dir.status()), "status");
  CHECK(saved.status.stage == Stage::kEncode);
  CHECK(saved.saved_at > 0);
}

namespace {

// Leases of one worker until it is told to wait or leave; each is completed, mining at `rate`.
std::vector<std::string> mined_ranges(JobFixture& fixture, double rate) {
  const auto worker = fixture.enroll();
  std::vector<std::string> ranges;
  while (true) {
    const auto reply = fixture.acquire(worker);
    const auto* lease = std::get_if<rpc::Lease>(&reply);
    if (lease == nullptr) return ranges;
    const jobs::Task spec = jobs::task_from_json(lease->spec, "test");
    if (spec.stage != Stage::kMine && !ranges.empty()) return ranges;
    auto done = fixture.finished(*lease);
    if (spec.stage == Stage::kMine) {
      if (spec.kind == jobs::kRange) {
        const auto range = jobs::body_of<jobs::MineTask>(spec);
        ranges.push_back(cat(range.first, "+", range.count));
      } else {
        ranges.push_back(spec.kind);
      }
      done.rate = rate;
    }
    fixture.job->complete(done);
  }
}

config::RunConfig measured_config(double task_seconds) {
  auto config = test::small_config();
  config.corpus.path = "/corpus";
  config.mining.task_targets = 1;
  config.mining.task_seconds = task_seconds;
  config.launcher.workers = 1;
  return config;
}

}  // namespace

TEST_CASE("later mining tasks have the size that the first one's rate gives") {
  // 10 pairs; two first tasks of one target, then 8 targets for four tasks or fewer.
  SECTION("as many targets as fit the seconds, at least four tasks for the worker") {
    JobFixture fixture(measured_config(100));
    CHECK(mined_ranges(fixture, 50) ==
          std::vector<std::string>{"0+1", "1+1", "2+2", "4+2", "6+2", "8+2", "merge"});
  }
  SECTION("a rate that is no number") {
    JobFixture fixture(measured_config(100));
    CHECK(mined_ranges(fixture, std::numeric_limits<double>::quiet_NaN()).size() == 11);
  }
  SECTION("not measured") {
    JobFixture fixture(measured_config(0));
    CHECK(mined_ranges(fixture, 50).size() == 11);
  }
}

TEST_CASE("one of the first mining tasks, whichever ends first, measures for the later ones") {
  JobFixture fixture(measured_config(100));
  const auto first = fixture.enroll({jobs::kStages.begin(), jobs::kStages.end()}, "a");
  fixture.work_until_told_to_leave(first, 5);  // index, three ranges of encoding and their merge
  const auto slow = fixture.lease(first);
  const auto second = fixture.enroll({jobs::kStages.begin(), jobs::kStages.end()}, "b");
  const auto other = fixture.lease(second);
  const auto third = fixture.enroll({jobs::kStages.begin(), jobs::kStages.end()}, "c");
  CHECK(std::holds_alternative<rpc::Wait>(fixture.acquire(third)));
  const auto mining = fixture.job->status().stages[static_cast<std::size_t>(Stage::kMine)];
  CHECK(mining.tasks_total == 0);  // not known yet
  auto done = fixture.finished(other);
  done.rate = 50;
  fixture.job->complete(done);
  const auto lease = fixture.lease(second);
  CHECK(jobs::body_of<jobs::MineTask>(jobs::task_from_json(lease.spec, "test")).count == 2);
}

TEST_CASE("the cut of mining tasks outlives the ledger") {
  JobFixture fixture(measured_config(100));
  const auto worker = fixture.enroll();
  fixture.work_until_told_to_leave(worker, 5);
  auto lease = fixture.lease(worker);
  auto done = fixture.finished(lease);
  done.rate = 50;
  fixture.job->complete(done);
  const auto file = fixture.work_dir.mining_task_size();
  CHECK(read_text_file(file) == "first 2 targets 2\n");
  const auto reopen = [&] {
    fixture.job.reset();
    std::filesystem::remove(fixture.work_dir.database());
    fixture.open();
  };
  SECTION("the same tasks are cut again, whatever may differ") {
    fixture.config.launcher.workers = GENERATE(1U, 3U);
    fixture.config.mining.task_seconds = GENERATE(100.0, 0.0);
    reopen();
    CHECK(mined_ranges(fixture, 0) ==
          std::vector<std::string>{"1+1", "2+2", "4+2", "6+2", "8+2", "merge"});
  }
  SECTION("damage is told") {
    publish_file(file, GENERATE("2x", "first 2 targets 0\n", "first a targets 2\n"));
    reopen();
    mined_ranges(fixture, 0);
    CHECK(fixture.job->state() == rpc::JobState::kFailed);
    CHECK_THAT(fixture.job->status().failure, Catch::Contains("task_targets.txt"));
  }
}

TEST_CASE("targets of a later mining task") {
  config::RunConfig config;
  config.mining.task_targets = 4096;
  config.mining.task_seconds = 60;
  config.launcher.workers = 2;
  const auto targets = [&](std::optional<double> rate) {
    return coordinator::later_task_targets(config.mining, config.launcher.workers, 10'000'000,
                                           rate);
  };
  CHECK(coordinator::first_mining_tasks(config.launcher.workers) == 4);
  CHECK(targets(1000.0) == 60'000);
  CHECK(targets(1e9) == 10'000'000 / 8);
  CHECK(targets(20.0) == 1200);  // smaller, where candidates are very many
  CHECK(targets(0.1) == 512);
  for (const std::optional<double> rate :
       {std::optional<double>(), std::optional(0.0), std::optional(-3.0),
        std::optional(std::numeric_limits<double>::infinity()),
        std::optional(std::numeric_limits<double>::quiet_NaN())}) {
    CHECK(targets(rate) == 4096);
  }
  config.mining.task_seconds = 0;
  CHECK(targets(1000.0) == 4096);
}
