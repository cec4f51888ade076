// Workers that come, fall silent, train and leave.
#include <catch2/catch.hpp>

#include "coordinator/job_fixture.h"

using namespace helip;
using coordinator::Stage;
using test::beat;
using test::JobFixture;
using test::refused;

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
