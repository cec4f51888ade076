// Whole trainings by several processes, seen from outside.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/publish.h"
#include "support/temporary_folder.h"
#include "train/small_job.h"

namespace helip {
namespace {

namespace fs = std::filesystem;

void train(const fs::path& job, int ranks, const fs::path& output, const std::string& kind = {}) {
  const std::string command = std::string("timeout 100 ") + HELIP_MPIRUN +
                              " --bind-to none --oversubscribe -n " + std::to_string(ranks) + " " +
                              HELIP_TRAIN_PROGRAM + " " + job.string() + " mpi " + output.string() +
                              " " + kind + " >" + job.string() + "/log 2>&1";
  const int ended = std::system(command.c_str());
  INFO(read_text_file(job / "log"));
  REQUIRE(ended == 0);
}

std::vector<double> losses(const fs::path& output) {
  std::istringstream lines(read_text_file(output / "metrics.jsonl"));
  std::vector<double> result;
  for (std::string line; std::getline(lines, line);)
    result.push_back(nlohmann::json::parse(line).at("loss"));
  return result;
}

std::string model_digest(const fs::path& output) {
  return sha256_file(output / "model" / "heads.safetensors");
}

TEST_CASE("two and three ranks train as one does, and to the same bits every time") {
  const test::TemporaryFolder folder;
  test::small_job(folder.path());
  const fs::path one = folder.path() / "1";
  train(folder.path(), 1, one);
  const std::vector<double> whole = losses(one);
  REQUIRE(whole.size() == 30);
  for (const int ranks :
       {2, 3}) {  // the last batch of an epoch has two seeds: the third rank has none
    const fs::path first = folder.path() / (std::to_string(ranks) + "a");
    const fs::path second = folder.path() / (std::to_string(ranks) + "b");
    train(folder.path(), ranks, first);
    train(folder.path(), ranks, second);
    const std::vector<double> together = losses(first);
    REQUIRE(together.size() == whole.size());
    CHECK(together[0] == Approx(whole[0]).epsilon(1e-6));
    for (std::size_t i = 0; i < whole.size(); ++i)
      CHECK(together[i] == Approx(whole[i]).epsilon(1e-3));
    CHECK(losses(second) == together);
    CHECK(model_digest(second) == model_digest(first));
  }
}

TEST_CASE("two and three ranks train towers to the same bits every time") {
  const test::TemporaryFolder folder;
  test::small_towers_job(folder.path());
  for (const int ranks : {2, 3}) {
    const fs::path first = folder.path() / (std::to_string(ranks) + "a");
    const fs::path second = folder.path() / (std::to_string(ranks) + "b");
    train(folder.path(), ranks, first, "towers");
    train(folder.path(), ranks, second, "towers");
    CHECK(losses(first).size() == 6);
    CHECK(losses(second) == losses(first));
    for (const char* file : {"heads.safetensors", "image_tower.ts", "text_tower.ts"}) {
      CHECK(sha256_file(second / "model" / file) == sha256_file(first / "model" / file));
    }
  }
}

TEST_CASE("two and three ranks train a SLIP model as one does, and to the same bits every time") {
  const test::TemporaryFolder folder;
  test::small_slip_job(folder.path());
  const fs::path one = folder.path() / "1";
  train(folder.path(), 1, one, "slip");
  const std::vector<double> whole = losses(one);
  REQUIRE(whole.size() == 6);
  for (const int ranks : {2, 3}) {
    const fs::path first = folder.path() / (std::to_string(ranks) + "a");
    const fs::path second = folder.path() / (std::to_string(ranks) + "b");
    train(folder.path(), ranks, first, "slip");
    train(folder.path(), ranks, second, "slip");
    const std::vector<double> together = losses(first);
    REQUIRE(together.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i)
      CHECK(together[i] == Approx(whole[i]).epsilon(i == 0 ? 1e-6 : 1e-4));
    CHECK(losses(second) == together);
    CHECK(sha256_file(second / "model" / "model.safetensors") ==
          sha256_file(first / "model" / "model.safetensors"));
  }
}

}  // namespace
}  // namespace helip
