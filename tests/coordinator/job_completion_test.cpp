// What makes a task done, and a job done or failed.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "coordinator/job_fixture.h"

using namespace helip;
using coordinator::Stage;
using test::all_tasks;
using test::beat;
using test::JobFixture;
using test::refused;

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
