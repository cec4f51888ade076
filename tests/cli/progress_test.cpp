#include <catch2/catch.hpp>

#include "cli/job_progress.h"
#include "common/log.h"
#include "support/terminal.h"

using namespace helip;
using namespace helip::cli;
using Catch::Matchers::EndsWith;

TEST_CASE("a job's bar stays below the log and on one line of a narrow terminal") {
  test::Terminal terminal(40);
  rpc::JobStatus status;
  status.stage = jobs::Stage::kEncode;
  for (const jobs::Stage stage : jobs::kStages) {
    status.stages.emplace_back();
    status.stages.back().stage = stage;
    status.stages.back().done = 512;
    status.stages.back().total = 1024;
    status.stages.back().unit = "pairs";
  }
  {
    JobProgress progress;
    progress.show(status);
    log::info("1 worker has joined");
    auto lines = terminal.lines();
    REQUIRE(lines.size() == 2);
    CHECK_THAT(lines[0], EndsWith("| 1 worker has joined"));
    CHECK(lines[1] == "[############............] encode  50 %");
    status.state = rpc::JobState::kDone;
    progress.show(status);
  }
  const auto lines = terminal.lines();
  REQUIRE(lines.size() == 3);
  CHECK_THAT(lines[1], EndsWith("done"));
  CHECK(lines[2].empty());
}
