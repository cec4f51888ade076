// A ledger that is lost or damaged is rebuilt from the result files.
#include <catch2/catch.hpp>
#include <fstream>

#include "coordinator/job_fixture.h"
#include "coordinator/ledger/sqlite.h"

using namespace helip;
using coordinator::Stage;
using test::all_tasks;
using test::JobFixture;

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
