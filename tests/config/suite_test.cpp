#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "common/error.h"
#include "common/text.h"
#include "config/parse_suite.h"
#include "support/temporary_folder.h"

namespace helip::config {
namespace {

using Catch::Matchers::Contains;

struct SuiteTest {
  test::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "suite.yaml";

  SuiteConfig load(const std::string& text) const {
    std::ofstream(file) << text;
    return load_suite(file, "/data");
  }
};

TEST_CASE_METHOD(SuiteTest,
                 "a suite is a job's eval section with means; paths begin in the data root") {
  const SuiteConfig suite = load(R"(
eval:
  recall_k: [1, 3]
  datasets:
    - { name: a, path: wds_a, tasks: [zero_shot, linear_probe], validation_split: val, source: wds/a }
    - { name: b, path: /other/b, tasks: [retrieval], split: dev }
averages:
  - { name: both of them, datasets: [a, b] }
)");
  REQUIRE(suite.eval.datasets.size() == 2);
  CHECK(suite.eval.datasets[0] ==
        EvalDataset{.name = "a",
                    .path = "/data/wds_a",
                    .tasks = {EvalTask::kZeroShot, EvalTask::kLinearProbe},
                    .split = "test",
                    .validation_split = "val",
                    .source = "wds/a"});
  CHECK(suite.eval.datasets[1].path == "/other/b");
  CHECK(suite.eval.recall_k == std::vector<std::uint32_t>{1, 3});
  CHECK(suite.averages ==
        std::vector<SuiteAverage>{{.name = "both of them", .datasets = {"a", "b"}}});
}

TEST_CASE_METHOD(SuiteTest, "what is wrong in a suite is named by line and key") {
  const auto refused = [&](const std::string& text, const std::string& words) {
    INFO(text);
    CHECK_THROWS_WITH(load(text), Contains("suite.yaml") && Contains(words));
    CHECK_THROWS_AS(load(text), ConfigError);
  };
  const std::string one = "eval:\n  datasets: [{name: a, path: p, tasks: [zero_shot]}]\n";
  refused("eval: {}", "eval.datasets: value not allowed; expected at least one data set");
  refused(one + "model: x\n", ":3: model: unknown key");
  refused(one + "averages: [{name: m, datasets: [b]}]\n",
          ":3: averages[0].datasets[0]: value not allowed; expected the name of a data set in "
          "eval.datasets; found b");
  refused(one + "averages: [{name: m, datasets: []}]\n", "expected at least one data set");
  refused(one + "averages: [{name: m, datasets: [a]}, {name: m, datasets: [a]}]\n",
          "averages[1].name: value not allowed; expected a name given once");
  refused(one + "averages: [{datasets: [a]}]\n", "averages[0].name: value missing");
  refused("eval:\n  datasets: [{name: a, path: p, tasks: [probe]}]\n",
          ":2: eval.datasets[0].tasks[0]");
}

TEST_CASE("the suites that come along can be read, and each data set says where it comes from") {
  std::size_t suites = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(HELIP_SOURCE_DIR) + "/configs/suites")) {
    INFO(entry.path().string());
    const SuiteConfig suite = load_suite(entry.path(), "/data");
    CHECK(suite.eval.datasets.size() > 10);
    for (const EvalDataset& dataset : suite.eval.datasets) {
      INFO(dataset.name);
      CHECK_FALSE(dataset.source.empty());
      CHECK_THAT(dataset.path, Catch::StartsWith("/data/wds_"));
    }
    ++suites;
  }
  CHECK(suites == 2);
}

}  // namespace
}  // namespace helip::config
