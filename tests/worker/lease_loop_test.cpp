// The worker's loop against a real coordinator in this process, with made-up work.
#include "worker/lease_loop.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "common/error.h"
#include "common/error_transfer.h"
#include "coordinator/job_fixture.h"

using namespace helip;
using namespace helip::worker;
using test::JobFixture;

namespace {

struct EndOfProcess {
  int exit_code;
};

// Ranks of one launch as threads of this test.
class ThreadGroup final : public comm::Group {
 public:
  [[nodiscard]] int rank() const override { return 0; }
  [[nodiscard]] int size() const override { return 1; }
  std::string broadcast_text(const std::string& text) override { return text; }
  void barrier() override {}
};

struct Script {
  std::function<TaskOutcome(const jobs::Task&, const std::filesystem::path&, const TaskHooks&)> run;
  std::function<TaskOutcome(const jobs::Task&, const TaskHooks&)> train;
  std::function<bool()> mine;  // this rank mines apart from the training
};

class ScriptedRunner final : public TaskRunner {
 public:
  explicit ScriptedRunner(const Script& script) : script_(script) {}
  [[nodiscard]] std::string device() override { return "cpu"; }
  TaskOutcome run(const jobs::Task& task, const std::filesystem::path& partial,
                  const TaskHooks& hooks) override {
    return script_.run(task, partial, hooks);
  }
  [[nodiscard]] bool is_mining_rank() const override { return script_.mine != nullptr; }
  std::unique_ptr<comm::Group> open_group() override { return std::make_unique<ThreadGroup>(); }
  bool mine_for_training(comm::Group&, const TaskHooks&) override { return script_.mine(); }
  void mining_failed(const std::exception&, const TaskHooks&) override {}
  void end_training(bool) override {}
  TaskOutcome train(const jobs::Task& task, comm::Group&, const TaskHooks& hooks) override {
    return script_.train(task, hooks);
  }

 private:
  const Script& script_;
};

// The job, which answers a completed training only after heartbeats that find the task done.
class LateAnswer final : public rpc::Scheduler {
 public:
  explicit LateAnswer(rpc::Scheduler& job) : job_(job) {}
  rpc::RegisterReply register_worker(const rpc::RegisterRequest& request) override {
    return job_.register_worker(request);
  }
  rpc::HeartbeatReply heartbeat(const rpc::HeartbeatRequest& request) override {
    rpc::HeartbeatReply reply = job_.heartbeat(request);
    reply.next_seconds = 0;
    ++beats_;
    beats_.notify_all();
    return reply;
  }
  rpc::AcquireReply acquire(const rpc::AcquireRequest& request) override {
    const rpc::AcquireReply answer = job_.acquire(request);
    const auto* lease = std::get_if<rpc::Lease>(&answer);
    if (request.in_group && lease != nullptr) training_ = lease->task;
    return answer;
  }
  void complete(const rpc::CompleteRequest& request) override {
    job_.complete(request);
    if (request.task != training_) return;
    // One may be on its way, the second finds the task done, the third follows its answer.
    const int enough = beats_ + 3;
    for (int beats = beats_; beats < enough; beats = beats_) beats_.wait(beats);
  }
  void fail(const rpc::FailRequest& request) override { job_.fail(request); }
  void release(const rpc::ReleaseRequest& request) override { job_.release(request); }

 private:
  rpc::Scheduler& job_;
  std::atomic<int> beats_ = 0;
  rpc::TaskId training_{};
};

struct WorkerFixture : JobFixture {
  WorkerFixture() {
    script.run = [this](const jobs::Task& task, const std::filesystem::path& partial,
                        const TaskHooks& hooks) {
      ++runs[cat(name_of(task.stage), "/", task.name)];
      hooks.progress(1, 2);
      TaskOutcome outcome;
      outcome.result = make_result(task);
      if (task.kind == jobs::kRange) outcome.sha256 = write_result(partial, task, outcome.result);
      return outcome;
    };
    script.train = [this](const jobs::Task& task, const TaskHooks& hooks) {
      ++runs[cat(name_of(task.stage), "/", task.name)];
      rpc::TrainNumbers numbers;
      numbers.step = 50;
      hooks.train_progress(numbers);
      TaskOutcome outcome;
      outcome.result = make_result(task);
      return outcome;
    };
  }

  int work(std::vector<jobs::Stage> stages = {jobs::kStages.begin(), jobs::kStages.end()}) {
    // Not owned by the connection.
    const auto connect = [this] {
      if (away) throw rpc::RpcError(rpc::RpcCode::kUnavailable, {.what = "nobody there"});
      rpc::Scheduler* answering = scheduler != nullptr ? scheduler : job.get();
      return std::shared_ptr<rpc::Scheduler>(answering, [](rpc::Scheduler*) {});
    };
    const auto wait = [this](double seconds) {
      clock.advance(seconds);
      return !stop;
    };
    ConnectionOptions connection_options;
    connection_options.orphan_timeout_seconds = 20;
    Connection connection(connect, clock, wait, connection_options);
    LoopOptions options;
    options.rank.launch = "launch";
    options.host = "host";
    options.stages = std::move(stages);
    options.stop_asked = [this] { return stop.load(); };
    options.wait = wait;
    options.end_process = end_process;
    LeaseLoop loop(connection, clock, options, [this](const rpc::RegisterReply&) {
      return std::make_unique<ScriptedRunner>(script);
    });
    return loop.run();
  }

  rpc::TaskRow row(const std::string& name) const {
    std::uint64_t matching = 0;
    for (const auto& task : job->tasks({}, {}, 0, 1000, matching)) {
      if (cat(name_of(task.stage), "/", task.name) == name) return task;
    }
    FAIL("no task " << name);
    return {};
  }

  Script script;
  rpc::Scheduler* scheduler = nullptr;  // in place of the job
  std::function<void(int)> end_process = [](int exit_code) { throw EndOfProcess{exit_code}; };
  std::map<std::string, int> runs;
  std::atomic<bool> stop = false;
  std::atomic<bool> away = false;
};

}  // namespace

TEST_CASE("a worker runs every task of the job once and leaves with 0") {
  WorkerFixture fixture;
  CHECK(fixture.work() == kExitDone);
  CHECK(fixture.job->state() == rpc::JobState::kDone);
  CHECK(fixture.runs.size() == 10);
  for (const auto& [name, times] : fixture.runs) CHECK(times == 1);
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(fixture.work_dir.root() / "tasks")) {
    CHECK(file.path().string().find("partial") == std::string::npos);
  }
}

TEST_CASE("a task that throws is reported with its line and tried again") {
  WorkerFixture fixture;
  const auto good = fixture.script.run;
  int failures = 0;
  fixture.script.run = [&](const jobs::Task& task, const auto& partial, const auto& hooks) {
    if (task.stage == jobs::Stage::kMine && failures++ == 0) {
      throw StoreError({.what = "disk full", .where = "/w"});
    }
    return good(task, partial, hooks);
  };
  CHECK(fixture.work() == kExitDone);
  CHECK(fixture.row("mine/range-0000000000").attempts == 2);
}

TEST_CASE("a job that fails sends its workers away with 1") {
  WorkerFixture fixture;
  fixture.script.run = [](const auto&, const auto&, const auto&) -> TaskOutcome {
    throw ConfigError(
        {.what = "k is larger than the pool", .where = "mining.hard_pairs_per_target"});
  };
  CHECK(fixture.work() == kExitFailed);
  CHECK(fixture.job->failed_by_config());
  CHECK_THAT(fixture.job->status().failure, Catch::Contains("k is larger than the pool"));
  CHECK(kind_of(DataError({.what = "x"})) == rpc::FailureKind::kData);
  CHECK(kind_of(std::runtime_error("x")) == rpc::FailureKind::kTransient);
}

TEST_CASE("a worker that is asked to stop hands its lease back and leaves with 75") {
  WorkerFixture fixture;
  const auto good = fixture.script.run;
  fixture.script.run = [&](const jobs::Task& task, const auto& partial, const auto& hooks) {
    if (task.stage == jobs::Stage::kEncode) fixture.stop = true;
    return good(task, partial, hooks);
  };
  CHECK(fixture.work() == kExitPreempted);
  const rpc::TaskRow row = fixture.row("encode/range-0000000000");
  CHECK(row.state == rpc::TaskState::kPending);
  CHECK(row.attempts == 0);
}

TEST_CASE("a training that stops hands its lease back; the next start finishes it") {
  WorkerFixture fixture;
  const auto good = fixture.script.train;
  fixture.script.train = [&](const jobs::Task&, const TaskHooks& hooks) {
    fixture.stop = true;
    TaskOutcome outcome;
    outcome.stopped = hooks.should_stop();
    return outcome;
  };
  CHECK(fixture.work() == kExitPreempted);
  CHECK(fixture.row("train/seed-1").state == rpc::TaskState::kPending);
  fixture.stop = false;
  fixture.script.train = good;
  CHECK(fixture.work() == kExitDone);
}

TEST_CASE("a heartbeat that finds the training completed does not end the process") {
  WorkerFixture fixture;
  LateAnswer late(*fixture.job);
  fixture.scheduler = &late;
  std::atomic<bool> ended = false;  // in the heartbeat's thread
  fixture.end_process = [&](int) { ended = true; };
  CHECK(fixture.work() == kExitDone);
  CHECK_FALSE(ended);
}

TEST_CASE(
    "a training that throws is reported, and its process ends rather than leave peers waiting") {
  WorkerFixture fixture;
  fixture.script.train = [](const jobs::Task&, const TaskHooks&) -> TaskOutcome {
    throw CommError({.what = "a peer is gone"});
  };
  try {
    fixture.work();
    FAIL("the process went on");
  } catch (const EndOfProcess& end) {
    CHECK(end.exit_code == kExitFailed);
  }
  CHECK_THAT(fixture.row("train/seed-1").last_error, Catch::Contains("a peer is gone"));
}

TEST_CASE("a wrong configuration that another rank found ends the job at once") {
  WorkerFixture fixture;
  fixture.script.train = [](const jobs::Task&, const TaskHooks&) -> TaskOutcome {
    throw_packed(pack_error(ConfigError({.what = "no such layers", .where = "train.lock_image"})));
  };
  try {
    fixture.work();
    FAIL("the process went on");
  } catch (const EndOfProcess& end) {
    CHECK(end.exit_code == kExitUsage);
  }
  CHECK(fixture.row("train/seed-1").attempts == 1);
  CHECK(fixture.job->failed_by_config());
  CHECK_THAT(fixture.job->status().failure, Catch::Contains("train.lock_image: no such layers"));
}

TEST_CASE("a rank that mines apart tells a wrong configuration by its exit code") {
  const auto exit_code_of = [](const auto& error) {
    WorkerFixture fixture;
    fixture.script.mine = [&]() -> bool { throw error; };
    try {
      fixture.work();
    } catch (const EndOfProcess& end) {
      return end.exit_code;
    }
    return -1;
  };
  CHECK(exit_code_of(ConfigError({.what = "no margin", .where = "mining"})) == kExitUsage);
  CHECK(exit_code_of(StoreError({.what = "disk full"})) == kExitFailed);
}

TEST_CASE("a worker whose lease has gone to another publishes nothing") {
  WorkerFixture fixture;
  const auto good = fixture.script.run;
  bool first = true;
  fixture.script.run = [&](const jobs::Task& task, const auto& partial, const auto& hooks) {
    const TaskOutcome outcome = good(task, partial, hooks);
    if (task.stage == jobs::Stage::kEncode && first) {
      first = false;
      // As after a long SIGSTOP: the term is over before anything was published.
      fixture.clock.advance(40);
      fixture.job->tick();
    }
    return outcome;
  };
  CHECK(fixture.work() == kExitDone);
  const rpc::TaskRow row = fixture.row("encode/range-0000000000");
  CHECK(row.attempts == 2);
  CHECK(rpc::number(row.fence) == 2);
}

TEST_CASE("a coordinator that stays away orphans the worker") {
  WorkerFixture fixture;
  fixture.away = true;
  CHECK(fixture.work() == kExitPreempted);
}

TEST_CASE("a worker that the coordinator does not know any more registers again") {
  WorkerFixture fixture;
  const auto good = fixture.script.run;
  bool forgotten = false;
  fixture.script.run = [&](const jobs::Task& task, const auto& partial, const auto& hooks) {
    if (task.stage == jobs::Stage::kMine && !forgotten) {
      forgotten = true;
      fixture.job->launch_ended("launch");
    }
    return good(task, partial, hooks);
  };
  CHECK(fixture.work() == kExitDone);
}

TEST_CASE("a worker leaves when the stages it takes are done") {
  WorkerFixture fixture;
  CHECK(fixture.work({jobs::Stage::kIndex, jobs::Stage::kEncode}) == kExitDone);
  CHECK(fixture.job->stage() == jobs::Stage::kMine);
}
