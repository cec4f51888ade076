#include "coordinator/supervisor.h"

#include <catch2/catch.hpp>

#include "coordinator/job_fixture.h"

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
    void terminate(bool at_once) override { owner_.terminated = at_once ? "kill" : "term"; }
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
  std::string terminated;
};

struct Supervised : JobFixture {
  explicit Supervised(config::RunConfig configuration = test::small_config())
      : JobFixture(std::move(configuration)),
        supervisor(*job, &launcher, config.launcher, "127.0.0.1:1", work_dir, "/bin/worker") {}
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

TEST_CASE("stopping ends the launch gently and waits for it") {
  Supervised run;
  run.supervisor.step();
  run.job->stop();
  CHECK_FALSE(run.supervisor.step());
  CHECK(run.launcher.terminated == "term");
  run.supervisor.kill_launches();
  CHECK(run.launcher.terminated == "kill");
  run.launcher.exit_status = 143;
  CHECK(run.supervisor.step());
  CHECK(run.job->state() == rpc::JobState::kStopped);
  CHECK(run.launcher.specs.size() == 1);
}
