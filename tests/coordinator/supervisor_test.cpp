#include "coordinator/supervisor.h"

#include <catch2/catch.hpp>
#include <set>

#include "coordinator/job_fixture.h"
#include "support/terminal.h"

using namespace helip;
using namespace helip::coordinator;
using test::JobFixture;

namespace {

// Launches that end when the test says so.
struct FakeLauncher final : Launcher {
  struct FakeLaunch final : Launch {
    FakeLaunch(FakeLauncher& owner, const LaunchSpec& spec) : owner_(owner), spec_(spec) {}
    [[nodiscard]] const std::string& name() const override { return spec_.name; }
    std::optional<int> poll() override { return owner_.exit_status; }
    void ask_to_leave() override { ++owner_.asked_to_leave; }
    void kill() override {
      owner_.killed = true;
      owner_.exit_status = 137;
    }
    [[nodiscard]] const std::filesystem::path& log_file() const override { return spec_.log_file; }
    FakeLauncher& owner_;
    LaunchSpec spec_;
  };

  std::unique_ptr<Launch> start(const LaunchSpec& spec) override {
    specs.push_back(spec);
    exit_status.reset();
    return std::make_unique<FakeLaunch>(*this, spec);
  }

  std::vector<LaunchSpec> specs;
  std::optional<int> exit_status;
  bool killed = false;
  int asked_to_leave = 0;
};

struct Supervised : JobFixture {
  explicit Supervised(config::RunConfig configuration = test::small_config())
      : JobFixture(std::move(configuration)),
        supervisor(*job, &launcher, config.launcher, "127.0.0.1:1", work_dir, "/bin/worker",
                   {"here", [this](std::int64_t pid) { return alive.contains(pid); },
                    [this] { return now; }}) {}

  // The ranks of the newest launch register from processes of this machine.
  std::vector<rpc::RegisterReply> enroll_ranks(const std::string& host = "here") {
    std::vector<rpc::RegisterReply> ranks;
    const LaunchSpec& spec = launcher.specs.back();
    for (std::uint32_t rank = 0; rank < config.launcher.workers; ++rank) {
      rpc::RegisterRequest request;
      request.launch = spec.name;
      request.stages = spec.stages;
      request.rank = rank;
      request.world_size = config.launcher.workers;
      request.host = host;
      request.pid = static_cast<std::int64_t>(100 * launcher.specs.size() + rank);
      alive.insert(request.pid);
      ranks.push_back(job->register_worker(request));
    }
    return ranks;
  }

  std::set<std::int64_t> alive;
  double now = 0;
  FakeLauncher launcher;
  Supervisor supervisor;
};

}  // namespace

TEST_CASE("each group of stages gets its launch, one after the other") {
  Supervised run;
  CHECK_FALSE(run.supervisor.step());
  REQUIRE(run.launcher.specs.size() == 1);
  const auto enroll_launch = [&] {
    return run.enroll(run.launcher.specs.back().stages, run.launcher.specs.back().name);
  };
  CHECK(run.work_until_told_to_leave(enroll_launch()) == "its stages are done");
  CHECK_FALSE(run.supervisor.step());
  CHECK(run.launcher.specs.size() == 1);  // its process is still leaving
  run.launcher.exit_status = 0;
  CHECK_FALSE(run.supervisor.step());
  REQUIRE(run.launcher.specs.size() == 2);
  CHECK(run.launcher.specs[1].stages == std::vector<Stage>{Stage::kTrain});
  CHECK(run.work_until_told_to_leave(enroll_launch()) == "its stages are done");
  run.launcher.exit_status = 0;
  CHECK_FALSE(run.supervisor.step());
  CHECK(run.launcher.specs[2].stages == std::vector<Stage>{Stage::kReport});
  CHECK(run.work_until_told_to_leave(enroll_launch()) == "the job is done");
  run.launcher.exit_status = 0;
  CHECK(run.supervisor.step());
}

TEST_CASE("a launch that ends early is started again, at most max_restarts times") {
  config::RunConfig config = test::small_config();
  config.launcher.max_restarts = 2;
  Supervised run(config);
  run.supervisor.step();
  for (int restart = 1; restart <= 2; ++restart) {
    run.launcher.exit_status = 137;
    CHECK_FALSE(run.supervisor.step());
    CHECK(run.launcher.specs.size() == static_cast<std::size_t>(restart) + 1);
    CHECK(run.launcher.specs.back().name != run.launcher.specs.front().name);
  }
  run.launcher.exit_status = 137;
  CHECK(run.supervisor.step());
  CHECK(run.job->state() == rpc::JobState::kFailed);
  CHECK_THAT(run.job->status().failure,
             Catch::Contains("exit 137") && Catch::Contains("launcher.max_restarts is 2"));
}

TEST_CASE("a program that cannot start anywhere is not started again, and its cause comes first") {
  Supervised run;
  run.supervisor.step();
  publish_file(
      run.launcher.specs[0].log_file,
      "/bin/worker: error while loading shared libraries: libx.so: cannot open shared object "
      "file\n------------------------\nPrimary job  terminated normally\n");
  // With --enable-recovery mpirun ends well.
  run.launcher.exit_status = 0;
  CHECK(run.supervisor.step());
  CHECK(run.launcher.specs.size() == 1);
  CHECK(run.job->failed_by_config());
  CHECK_THAT(run.job->status().failure,
             Catch::StartsWith("no worker started for index,encode,mine: /bin/worker: error while "
                               "loading shared libraries: libx.so"));
}

TEST_CASE("a launch without a worker is wondered at once, and goes on") {
  Supervised run;
  run.supervisor.step();
  const auto said_after = [&](double seconds) {
    test::Terminal terminal(1000);
    run.now += seconds;
    run.supervisor.step();
    std::string said;
    for (const std::string& line : terminal.lines()) said += line;
    return said;
  };
  CHECK(said_after(59) == "");
  CHECK_THAT(said_after(2), Catch::Contains("no worker has registered for 1 min") &&
                                Catch::Contains("/bin/worker"));
  CHECK(said_after(100) == "");
  CHECK_FALSE(run.launcher.killed);
}

TEST_CASE("workers that find the configuration wrong are not started again") {
  Supervised run;
  run.supervisor.step();
  publish_file(run.launcher.specs[0].log_file,
               "x | error | no GPU for this rank\nmpirun's advice\n");
  run.launcher.exit_status = kExitUsage;
  CHECK(run.supervisor.step());
  CHECK(run.job->failed_by_config());
  CHECK_THAT(run.job->status().failure, Catch::Contains("no GPU for this rank"));
}

TEST_CASE("stopping waits for the launch; mpirun that sleeps on without its ranks is ended") {
  Supervised run;
  run.supervisor.step();
  const auto ranks = run.enroll_ranks();
  run.job->stop();
  CHECK(std::get<rpc::Leave>(run.acquire(ranks[0])).reason == "the job is being stopped");
  run.alive.erase(100);
  for (int second = 0; second < 30; ++second) {
    run.now += 1;
    CHECK_FALSE(run.supervisor.step());
    CHECK_FALSE(run.launcher.killed);  // rank 1 may be writing a checkpoint
  }
  CHECK(run.launcher.asked_to_leave == 1);
  run.alive.clear();
  CHECK_FALSE(run.supervisor.step());
  CHECK_FALSE(run.launcher.killed);
  run.now += 2;
  CHECK_FALSE(run.supervisor.step());
  CHECK(run.launcher.killed);
  CHECK(run.supervisor.step());
  CHECK(run.job->state() == rpc::JobState::kStopped);
  CHECK(run.launcher.specs.size() == 1);
}

TEST_CASE("a training that has lost a rank is ended and started again") {
  config::RunConfig config = test::small_config();
  config.train.hard_pairs = config::HardPairs::kNone;
  Supervised run(config);
  run.supervisor.step();
  run.work_until_told_to_leave(run.enroll({Stage::kIndex, Stage::kEncode}, "by hand"));
  run.launcher.exit_status = 0;
  run.supervisor.step();
  REQUIRE(run.launcher.specs.back().stages == std::vector<Stage>{Stage::kTrain});
  run.enroll_ranks();
  CHECK_FALSE(run.supervisor.step());
  run.alive.erase(201);
  run.supervisor.step();
  run.now += 2;
  run.supervisor.step();
  CHECK(run.launcher.killed);
  // Rank 0 has not noticed yet: the next launch waits for it.
  run.now += 0.1;
  CHECK_FALSE(run.supervisor.step());
  run.alive.clear();
  run.supervisor.step();
  CHECK(run.launcher.specs.size() == 3);
}

TEST_CASE("a job that has failed does not wait for a launch without workers") {
  Supervised run;
  run.supervisor.step();
  // Not to be seen from here; each leaves when told that the job has failed.
  const auto ranks = run.enroll_ranks("elsewhere");
  run.job->give_up("no such shard");
  for (const auto& rank : ranks) CHECK(std::get<rpc::Leave>(run.acquire(rank)).failed);
  CHECK_FALSE(run.supervisor.step());
  CHECK_FALSE(run.launcher.killed);
  run.now += 2;
  CHECK_FALSE(run.supervisor.step());
  CHECK(run.launcher.killed);
  CHECK(run.supervisor.step());
}

TEST_CASE("ranks on other hosts cannot be seen and are left to mpirun") {
  Supervised run;
  run.supervisor.step();
  run.enroll_ranks("elsewhere");
  run.alive.clear();
  run.now += 100;
  run.supervisor.step();
  CHECK_FALSE(run.launcher.killed);
}
