#include "coordinator/claim.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/publish.h"
#include "config/parse.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::coordinator;

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
