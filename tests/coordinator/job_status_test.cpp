// What people are told of a job.
#include <catch2/catch.hpp>

#include "coordinator/job_fixture.h"

using namespace helip;
using coordinator::Stage;
using test::beat;
using test::JobFixture;

TEST_CASE("the status tells how many pairs encode could not read") {
  JobFixture fixture;
  const auto worker = fixture.enroll();
  fixture.work_until_told_to_leave(worker, 4);  // index and the three ranges
  CHECK(fixture.job->status().quarantined == 0);
  fixture.work_until_told_to_leave(worker, 1);
  CHECK(fixture.job->status().quarantined == 3);
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
