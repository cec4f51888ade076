// How many targets mining tasks have, in a job and by themselves.
#include "coordinator/mine_task_size.h"

#include <catch2/catch.hpp>
#include <limits>

#include "coordinator/job_fixture.h"

using namespace helip;
using coordinator::Stage;
using test::JobFixture;

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
