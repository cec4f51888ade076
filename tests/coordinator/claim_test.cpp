#include "coordinator/claim.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/publish.h"
#include "config/parse.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::coordinator;

TEST_CASE("the first difference between configurations is one of the role that is asked for") {
  config::RunConfig stored;
  stored.eval.datasets = {{"a", "/a", {config::EvalTask::kZeroShot}, "test"},
                          {"b", "/b", {config::EvalTask::kRetrieval}, "test"}};
  config::RunConfig given = stored;
  given.launcher.workers = 7;
  given.coordinator.lease_seconds = 3;
  given.output.work_dir = "/elsewhere";
  given.train.log_steps = stored.train.log_steps + 1;
  given.encoder.feature_cache = "/cache";
  const auto difference_of = [&](config::Role role) {
    return first_difference(config::to_yaml(stored), config::to_yaml(given), role);
  };
  for (const config::Role role :
       {config::Role::kTraining, config::Role::kEvaluation, config::Role::kReport}) {
    CHECK_FALSE(difference_of(role));
  }

  SECTION("a plain value") {
    given.train.lr = 0.5;
    const auto difference = difference_of(config::Role::kTraining);
    REQUIRE(difference);
    CHECK(difference->key == "train.lr");
    CHECK(difference->given == "0.5");
  }
  SECTION("a value in a list of sections") {
    given.eval.datasets[0].path = "/c";
    CHECK_FALSE(difference_of(config::Role::kTraining));
    const auto difference = difference_of(config::Role::kEvaluation);
    REQUIRE(difference);
    CHECK(difference->given == "\"/c\"");
  }
  SECTION("what the digest covers of the launcher") {
    given.launcher.threads_per_worker = 3;
    CHECK(difference_of(config::Role::kTraining)->key == "launcher.threads_per_worker");
  }
  SECTION("what the report shows") {
    given.output.gallery_targets = 5;
    CHECK_FALSE(difference_of(config::Role::kTraining));
    CHECK_FALSE(difference_of(config::Role::kEvaluation));
    CHECK(difference_of(config::Role::kReport)->key == "output.gallery_targets");
  }
  SECTION("a data set more") {
    given.eval.datasets.push_back({"c", "/c", {config::EvalTask::kRetrieval}, "test"});
    CHECK_FALSE(difference_of(config::Role::kTraining));
    CHECK(difference_of(config::Role::kEvaluation));
  }
  SECTION("no data set any more") {
    given.eval.datasets.clear();
    const auto difference = difference_of(config::Role::kEvaluation);
    REQUIRE(difference);
    CHECK(difference->key == "eval.datasets");
    CHECK(difference->stored == "a list");
    CHECK(difference->given == "[]");
  }
  SECTION("a key that the stored one lacks") {
    const auto difference = first_difference("train:\n  lr: 1\n", "train:\n  lr: 1\n  steps: 2\n",
                                             config::Role::kTraining);
    REQUIRE(difference);
    CHECK(difference->stored == "nothing");
    CHECK(difference->given == "2");
  }
}

TEST_CASE("a work directory of another configuration is refused, naming the key") {
  const test::TemporaryFolder folder;
  const jobs::WorkDir work(folder.path());
  config::RunConfig config;
  const auto claim = [&](const std::string& stored_digest) {
    coordinator::claim(work, config::to_yaml(config), config::training_digest(config),
                       stored_digest);
  };
  claim("");
  const std::string digest = config::training_digest(config);
  claim(digest);

  config.launcher.workers = 9;
  config.eval.recall_k = {2};
  claim(digest);
  CHECK(read_text_file(work.config()) == config::to_yaml(config));

  config.mining.hard_pairs_per_target = 3;
  CHECK_THROWS_WITH(claim(digest), Catch::Contains("mining.hard_pairs_per_target") &&
                                       Catch::Contains("another --work-dir"));
  // The ledger was lost: config.yaml still tells.
  CHECK_THROWS_AS(claim(""), ConfigError);
}

TEST_CASE("a damaged configuration in the work directory is refused, with what is there") {
  const test::TemporaryFolder folder;
  const jobs::WorkDir work(folder.path());
  const std::string given = config::to_yaml(config::RunConfig{});
  const auto refusal = [&] {
    try {
      expect_same_training(work, given);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal().empty());
  publish_file(work.config(), given);
  CHECK(refusal().empty());
  publish_file(work.config(), "");
  CHECK_THAT(refusal(), Catch::Contains(work.config().string() + ": the work directory") &&
                            Catch::Contains("found an empty file"));
  for (const std::string& text :
       {std::string("a: ["), std::string("\0\0", 2), given.substr(0, 20)}) {
    publish_file(work.config(), text);
    CHECK_THAT(refusal(), Catch::Contains("found no whole configuration"));
  }
  std::filesystem::remove(work.config());
  std::filesystem::create_directory(work.config());
  CHECK_THAT(refusal(), Catch::Contains("found no file"));
}

TEST_CASE("the address is for the owner's eyes alone") {
  const test::TemporaryFolder folder;
  const jobs::WorkDir work(folder.path());
  std::filesystem::create_directories(work.address().parent_path());
  publish_address(work, "127.0.0.1:1");
  publish_address(work, "127.0.0.1:2");
  CHECK(read_text_file(work.address()) == "127.0.0.1:2\n");
  struct stat info {};
  REQUIRE(stat(work.address().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  remove_address(work);
  CHECK_FALSE(std::filesystem::exists(work.address()));
}
