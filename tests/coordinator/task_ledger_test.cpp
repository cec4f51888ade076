#include "coordinator/ledger/task_ledger.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "common/error.h"
#include "common/rng.h"
#include "common/text.h"

using namespace helip;
using namespace helip::coordinator;
using std::chrono::seconds;

namespace {

TimePoint at(std::int64_t second) { return TimePoint(seconds(second)); }

LedgerOptions options() {
  LedgerOptions made;
  made.lease = seconds(30);
  made.max_attempts = 3;
  made.stuck_after = seconds(100);
  return made;
}

ResultRecord result(const std::string& digest) {
  ResultRecord made;
  made.file = "file-" + digest;
  made.sha256 = digest;
  made.bytes = 7;
  made.result = "{}";
  return made;
}

TaskLedger ledger_with(int tasks) {
  TaskLedger ledger(options());
  for (int i = 0; i < tasks; ++i) ledger.add(Stage::kMine, cat("range-", i), "{}", 10);
  return ledger;
}

constexpr WorkerId kAnn{1}, kBob{2};

}  // namespace

TEST_CASE("tasks are leased in order, each to one worker, under a rising fence") {
  TaskLedger ledger = ledger_with(2);
  const auto first = ledger.lease(kAnn, Stage::kMine, at(0));
  const auto second = ledger.lease(kBob, Stage::kMine, at(0));
  REQUIRE(first == TaskId{1});
  REQUIRE(second == TaskId{2});
  CHECK_FALSE(ledger.lease(kAnn, Stage::kMine, at(0)));
  CHECK_FALSE(ledger.lease(kAnn, Stage::kEncode, at(0)));
  CHECK(ledger.task(*first).fence == Fence{1});

  CHECK(ledger.release(*first, Fence{1}) == LeaseOutcome::kOk);
  CHECK(ledger.task(*first).attempts == 0);
  REQUIRE(ledger.lease(kBob, Stage::kMine, at(1)) == first);
  CHECK(ledger.task(*first).fence == Fence{2});
}

TEST_CASE("a lease that is not renewed ends with its term and the task is granted again") {
  TaskLedger ledger = ledger_with(1);
  const TaskId task = *ledger.lease(kAnn, Stage::kMine, at(0));
  CHECK(ledger.renew(task, Fence{1}, kAnn, 1, at(20)) == LeaseOutcome::kOk);
  CHECK(ledger.expire(at(49)).empty());
  CHECK(ledger.expire(at(50)) == std::vector<TaskId>{task});
  CHECK(ledger.task(task).state == TaskState::kPending);
  CHECK_THAT(ledger.task(task).last_error, Catch::Contains("worker 1"));

  CHECK(ledger.renew(task, Fence{1}, kAnn, 2, at(51)) == LeaseOutcome::kStale);
  REQUIRE(ledger.lease(kBob, Stage::kMine, at(52)) == task);
  CHECK(ledger.complete(task, Fence{1}, result("a")) == LeaseOutcome::kStale);
  CHECK(ledger.complete(task, Fence{2}, result("b")) == LeaseOutcome::kOk);
  CHECK(ledger.task(task).result == result("b"));
}

TEST_CASE("a lease that ends does not hide what the task said of an earlier attempt") {
  TaskLedger ledger = ledger_with(1);
  const TaskId task = *ledger.lease(kAnn, Stage::kMine, at(0));
  ledger.fail(task, Fence{1}, "no space left: /w", rpc::FailureKind::kTransient);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    REQUIRE(ledger.lease(kBob, Stage::kMine, at(100 * attempt)) == task);
    REQUIRE(ledger.expire(at(100 * attempt + 50)).size() == 1);
    CHECK_THAT(ledger.task(task).last_error, Catch::StartsWith("the lease ended: worker 2") &&
                                                 Catch::EndsWith("before that: no space left: /w"));
  }
}

TEST_CASE("a term that is over cannot be renewed, even before anyone called expire") {
  TaskLedger ledger = ledger_with(1);
  const TaskId task = *ledger.lease(kAnn, Stage::kMine, at(0));
  CHECK(ledger.renew(task, Fence{1}, kAnn, 1, at(30)) == LeaseOutcome::kStale);
}

TEST_CASE("a range without progress is stuck, a training and a merge are not") {
  TaskLedger ledger = ledger_with(1);
  const TaskId range = *ledger.lease(kAnn, Stage::kMine, at(0));
  const TaskId training = ledger.add(Stage::kTrain, "seed-1", "{}", 1);
  const TaskId merge = ledger.add(Stage::kEncode, "merge", "{}", 0);
  REQUIRE(ledger.lease(kBob, Stage::kTrain, at(0)) == training);
  REQUIRE(ledger.lease(kBob, Stage::kEncode, at(0)) == merge);
  const auto renew = [&](TaskId task, std::uint64_t done, int second) {
    return ledger.renew(task, Fence{1}, kAnn, done, at(second));
  };
  // Before its first progress a range opens its inputs.
  for (int second = 20; second < 1200; second += 20) {
    CHECK(renew(range, 0, second) == LeaseOutcome::kOk);
    CHECK(renew(training, 0, second) == LeaseOutcome::kOk);
    CHECK(renew(merge, 0, second) == LeaseOutcome::kOk);
  }
  CHECK(renew(training, 0, 1200) == LeaseOutcome::kOk);
  CHECK(renew(merge, 0, 1200) == LeaseOutcome::kOk);
  SECTION("never any") { CHECK(renew(range, 0, 1200) == LeaseOutcome::kStale); }
  SECTION("some, then none") {
    for (int second = 1200; second < 1300; second += 20) {
      CHECK(renew(range, 1, second) == LeaseOutcome::kOk);
    }
    CHECK(renew(range, 1, 1300) == LeaseOutcome::kStale);
  }
}

TEST_CASE("completing twice is one completion; another digest under the same fence is stale") {
  TaskLedger ledger = ledger_with(1);
  const TaskId task = *ledger.lease(kAnn, Stage::kMine, at(0));
  CHECK(ledger.complete(task, Fence{1}, result("a")) == LeaseOutcome::kOk);
  CHECK(ledger.complete(task, Fence{1}, result("a")) == LeaseOutcome::kAlready);
  CHECK(ledger.complete(task, Fence{1}, result("b")) == LeaseOutcome::kStale);
  CHECK(ledger.complete(TaskId{9}, Fence{1}, result("a")) == LeaseOutcome::kUnknown);
  CHECK(ledger.done_count(Stage::kMine) == 1);
  CHECK(ledger.units_done(Stage::kMine) == 10);
  CHECK(ledger.all_done(Stage::kMine));
}

TEST_CASE("after the last attempt the task has failed and keeps its last error") {
  TaskLedger ledger = ledger_with(2);
  for (std::uint64_t attempt = 1; attempt <= 3; ++attempt) {
    const TaskId task = *ledger.lease(kAnn, Stage::kMine, at(0));
    REQUIRE(task == TaskId{1});
    CHECK(ledger.first_failed() == nullptr);
    CHECK(ledger.fail(task, Fence{attempt}, cat("boom ", attempt), rpc::FailureKind::kTransient) ==
          LeaseOutcome::kOk);
  }
  REQUIRE(ledger.first_failed() != nullptr);
  CHECK(ledger.first_failed()->name == "range-0");
  CHECK(ledger.first_failed()->last_error == "boom 3");
  ledger.retry(TaskId{1});
  CHECK(ledger.first_failed() == nullptr);
  CHECK(ledger.lease(kAnn, Stage::kMine, at(0)) == TaskId{1});
}

TEST_CASE("a wrong configuration is not tried again") {
  TaskLedger ledger = ledger_with(1);
  const TaskId task = *ledger.lease(kAnn, Stage::kMine, at(0));
  ledger.fail(task, Fence{1}, "k is too large", rpc::FailureKind::kConfig);
  REQUIRE(ledger.first_failed() != nullptr);
  CHECK(ledger.first_failed()->last_kind == rpc::FailureKind::kConfig);
}

TEST_CASE("a restored lease gets a fresh term and belongs to whoever knows its fence") {
  TaskLedger former = ledger_with(1);
  const TaskId task = *former.lease(kAnn, Stage::kMine, at(0));
  TaskLedger ledger(options());
  ledger.restore(former.task(task), at(1000));
  CHECK_FALSE(ledger.lease(kBob, Stage::kMine, at(1001)));
  CHECK(ledger.renew(task, Fence{1}, kBob, 3, at(1029)) == LeaseOutcome::kOk);
  CHECK(ledger.held_by(kBob) == std::vector<TaskId>{task});
  CHECK(ledger.complete(task, Fence{1}, result("a")) == LeaseOutcome::kOk);
}

TEST_CASE("a second task of one name is refused") {
  TaskLedger ledger(options());
  ledger.add(Stage::kEval, "merge", "{}", 0);
  CHECK_THROWS_AS(ledger.add(Stage::kEval, "merge", "{}", 0), StoreError);
}

// A plain model of what the ledger promises, without any of its indexes.
namespace {

struct ModelTask {
  TaskState state = TaskState::kPending;
  std::uint64_t fence = 0;
  std::uint32_t attempts = 0;
  std::int64_t expires = 0;
  std::string digest;
};

class Model {
 public:
  explicit Model(std::size_t tasks) : tasks_(tasks) {}

  std::optional<std::size_t> lease(std::int64_t now) {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      ModelTask& task = tasks_[i];
      if (task.state != TaskState::kPending) continue;
      task.state = TaskState::kLeased;
      ++task.fence;
      ++task.attempts;
      task.expires = now + 30;
      return i;
    }
    return std::nullopt;
  }
  bool owns(std::size_t i, std::uint64_t fence) const {
    return tasks_[i].state == TaskState::kLeased && tasks_[i].fence == fence;
  }
  void end_attempt(std::size_t i) {
    tasks_[i].state = tasks_[i].attempts >= 3 ? TaskState::kFailed : TaskState::kPending;
  }

  std::vector<ModelTask> tasks_;
};

void play_history(std::uint64_t seed) {
  RandomStream random(seed, "ledger test", {});
  constexpr std::size_t kTasks = 5;
  TaskLedger ledger = ledger_with(kTasks);
  Model model(kTasks);
  std::int64_t now = 0;
  for (int event = 0; event < 300; ++event) {
    now += static_cast<std::int64_t>(random.below(8));
    const std::size_t i = random.below(kTasks);
    const TaskId id{i + 1};
    // Mostly the fence in force, else one of the past or the future.
    const std::uint64_t fence = random.below(4) != 0 ? model.tasks_[i].fence : random.below(6);
    ModelTask& task = model.tasks_[i];
    switch (random.below(8)) {
      case 0:
      case 1: {
        const auto granted = ledger.lease(WorkerId{random.below(3) + 1}, Stage::kMine, at(now));
        const auto expected = model.lease(now);
        REQUIRE(granted.has_value() == expected.has_value());
        if (granted) REQUIRE(rpc::number(*granted) == *expected + 1);
        break;
      }
      case 2:
      case 3: {
        // Progress always moves, so nothing is stuck here.
        const bool renewed =
            ledger.renew(id, Fence{fence}, kAnn, static_cast<std::uint64_t>(event) + 1, at(now)) ==
            LeaseOutcome::kOk;
        REQUIRE(renewed == (model.owns(i, fence) && task.expires > now));
        if (renewed) task.expires = now + 30;
        break;
      }
      case 4: {
        const std::string digest = cat("digest ", random.below(2));
        const auto outcome = ledger.complete(id, Fence{fence}, result(digest));
        if (model.owns(i, fence)) {
          REQUIRE(outcome == LeaseOutcome::kOk);
          task.state = TaskState::kDone;
          task.digest = digest;
        } else if (task.state == TaskState::kDone && task.fence == fence && task.digest == digest) {
          REQUIRE(outcome == LeaseOutcome::kAlready);
        } else {
          REQUIRE(outcome == LeaseOutcome::kStale);
        }
        break;
      }
      case 5: {
        const bool failed = ledger.fail(id, Fence{fence}, "boom", rpc::FailureKind::kTransient) ==
                            LeaseOutcome::kOk;
        REQUIRE(failed == model.owns(i, fence));
        if (failed) model.end_attempt(i);
        break;
      }
      case 6: {
        const bool released = ledger.release(id, Fence{fence}) == LeaseOutcome::kOk;
        REQUIRE(released == model.owns(i, fence));
        if (released) {
          --task.attempts;
          task.state = TaskState::kPending;
        }
        break;
      }
      case 7:
        ledger.expire(at(now));
        for (std::size_t k = 0; k < kTasks; ++k) {
          if (model.tasks_[k].state == TaskState::kLeased && model.tasks_[k].expires <= now) {
            model.end_attempt(k);
          }
        }
        break;
    }
    std::size_t done = 0, leased = 0;
    for (std::size_t k = 0; k < kTasks; ++k) {
      const TaskRecord& record = ledger.task(TaskId{k + 1});
      REQUIRE(record.state == model.tasks_[k].state);
      REQUIRE(rpc::number(record.fence) == model.tasks_[k].fence);
      REQUIRE(record.attempts == model.tasks_[k].attempts);
      REQUIRE(record.result.sha256 == model.tasks_[k].digest);
      done += record.state == TaskState::kDone ? 1 : 0;
      leased += record.state == TaskState::kLeased ? 1 : 0;
    }
    REQUIRE(ledger.done_count(Stage::kMine) == done);
    REQUIRE(ledger.leases() == leased);
  }
}

}  // namespace

TEST_CASE("random histories agree with a plain model") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    play_history(seed);
  }
}
