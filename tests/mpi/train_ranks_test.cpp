// Whole trainings by several processes, seen from outside.
#include <sys/wait.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/json.h"
#include "common/publish.h"
#include "support/temporary_folder.h"
#include "train/small_job.h"

namespace helip {
namespace {

namespace fs = std::filesystem;

void train(const fs::path& job, int ranks, const fs::path& output,
           const std::string& kind = "heads") {
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
  for (std::string line; std::getline(lines, line);) result.push_back(Json::parse(line).at("loss"));
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

TEST_CASE(
    "two ranks train one tower beside the other's features as one does, and to the same bits") {
  const test::TemporaryFolder folder;
  test::small_mixed_job(folder.path(), "text");  // its tower has no batch norms and no dropout
  train(folder.path(), 1, folder.path() / "1", "mixed");
  train(folder.path(), 2, folder.path() / "2a", "mixed");
  train(folder.path(), 2, folder.path() / "2b", "mixed");
  const std::vector<double> whole = losses(folder.path() / "1");
  const std::vector<double> together = losses(folder.path() / "2a");
  REQUIRE(whole.size() == 6);
  REQUIRE(together.size() == 6);
  for (std::size_t i = 0; i < whole.size(); ++i)
    CHECK(together[i] == Approx(whole[i]).epsilon(1e-4));
  CHECK(losses(folder.path() / "2b") == together);
  for (const char* file : {"heads.safetensors", "image_tower.ts", "text_tower.ts"}) {
    CHECK(sha256_file(folder.path() / "2b/model" / file) ==
          sha256_file(folder.path() / "2a/model" / file));
  }
}

// The program's exit code.
int train_with(const fs::path& job, int ranks, const fs::path& output, const std::string& options) {
  const std::string command = std::string("timeout 100 ") + HELIP_MPIRUN +
                              " --bind-to none --oversubscribe -n " + std::to_string(ranks) + " " +
                              HELIP_TRAIN_PROGRAM + " " + job.string() + " mpi " + output.string() +
                              " " + options + " >" + job.string() + "/log 2>&1";
  return WEXITSTATUS(std::system(command.c_str()));
}

TEST_CASE("two, then three ranks, then one go on with one training") {
  const test::TemporaryFolder folder;
  for (const std::string kind : {"heads", "pixels"}) {
    // Weights drift apart with the rounding of every step, the quicker the larger the steps are.
    const std::string options = kind + " steps=26 lr=1e-4";
    const fs::path whole = folder.path() / (kind + "-whole");
    const fs::path moved = folder.path() / (kind + "-moved");
    fs::create_directories(folder.path() / kind);
    REQUIRE(train_with(folder.path() / kind, 1, whole, options) == 0);
    CHECK(train_with(folder.path() / kind, 2, moved, options + " stop=9") == 75);
    CHECK(losses(moved).size() == 9);
    CHECK(train_with(folder.path() / kind, 3, moved, options + " stop=19") == 75);
    CHECK(losses(moved).size() == 19);
    CHECK(train_with(folder.path() / kind, 1, moved, options) == 0);
    const std::vector<double> expected = losses(whole);
    const std::vector<double> found = losses(moved);
    REQUIRE(expected.size() == 26);
    REQUIRE(found.size() == 26);
    double worst = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      worst = std::max(worst, std::abs(found[i] / expected[i] - 1));
    }
    WARN(kind << ": largest relative difference of a loss " << worst);
    CHECK(worst <= 1e-5);
  }
}

// What the program says that its training has used: "PAIRS VIEWS".
std::string budget_of(const fs::path& job, const std::string& output, const std::string& options) {
  REQUIRE(train_with(job, 2, job / output, options) == 0);
  const std::string log = read_text_file(job / "log");
  const std::size_t found = log.find("budget ");
  REQUIRE(found != std::string::npos);
  return log.substr(found + 7, log.find('\n', found) - found - 7);
}

TEST_CASE("two ranks forward as many pairs and views with hard pairs as without") {
  const test::TemporaryFolder folder;
  test::small_slip_job(folder.path());  // the inputs of both models
  for (const std::string kind : {"mined", "random", "none"}) {
    INFO(kind);
    // 39 usable pairs, 3 seeds and 9 pairs a batch.
    CHECK(budget_of(folder.path(), "heads-" + kind, "heads epochs=1 hard_pairs=" + kind) ==
          "117 0");
    CHECK(budget_of(folder.path(), "slip-" + kind, "slip steps=3 hard_pairs=" + kind) == "27 18");
  }
}

TEST_CASE("with a sharded optimizer ranks write the same files to the byte, and go on from them") {
  const test::TemporaryFolder folder;
  for (const std::string kind : {"heads", "towers"}) {
    const fs::path job = folder.path() / kind;
    fs::create_directories(job);
    REQUIRE(train_with(job, 1, job / "one", kind + " steps=6") == 0);
    for (const int ranks : {2, 3}) {
      const std::string name = std::to_string(ranks);
      const fs::path whole = job / (name + "-whole");
      const fs::path sharded = job / (name + "-sharded");
      const fs::path mixed = job / (name + "-mixed");
      const std::string options = kind + " steps=14 checkpoint_steps=3";
      REQUIRE(train_with(job, ranks, whole, options) == 0);
      REQUIRE(train_with(job, ranks, sharded, options + " shard_optimizer=1") == 0);
      CHECK(train_with(job, ranks, mixed, options + " shard_optimizer=1 stop=5") == 75);
      CHECK(train_with(job, ranks, mixed, options + " stop=8") == 75);
      CHECK(train_with(job, ranks, mixed, options + " shard_optimizer=1") == 0);
      for (const fs::path& output : {sharded, mixed}) {
        CHECK(losses(output) == losses(whole));
        for (const std::string step : {"step-00000012", "step-00000014"}) {
          const fs::path checkpoint = fs::path("checkpoints") / step;
          for (const auto& entry : fs::directory_iterator(whole / checkpoint)) {
            INFO(ranks << " ranks, " << output << " " << entry.path());
            CHECK(read_text_file(output / checkpoint / entry.path().filename()) ==
                  read_text_file(entry.path()));
          }
        }
      }
    }
  }
}

TEST_CASE("a rank whose weights are others is found and named, and the training stops") {
  const test::TemporaryFolder folder;
  test::small_job(folder.path());
  const fs::path output = folder.path() / "output";
  CHECK(train_with(folder.path(), 2, output, "heads stop=4") == 75);
  CHECK(train_with(folder.path(), 2, folder.path() / "other", "heads lr=2e-2 stop=4") == 75);
  // Rank 1 finds the same checkpoint, whole, with weights of another run.
  CHECK(train_with(folder.path(), 2, output,
                   "heads rank1_checkpoints=" + (folder.path() / "other/checkpoints").string()) !=
        0);
  const std::string log = read_text_file(folder.path() / "log");
  CHECK_THAT(log, Catch::Contains("the weights of the ranks have drifted apart") &&
                      Catch::Contains("others on rank 1"));
}

TEST_CASE(
    "a wrong configuration that rank 0 alone finds is one on every rank, with the same line") {
  const test::TemporaryFolder folder;
  test::small_job(folder.path());
  const std::string out = folder.path().string();
  // Each rank's shell notes how it ended; with --enable-recovery mpirun lets every rank end.
  const std::string command = std::string("timeout 100 ") + HELIP_MPIRUN +
                              " --bind-to none --oversubscribe --enable-recovery -n 2 sh -c '" +
                              HELIP_TRAIN_PROGRAM + " " + out + " mpi " + out +
                              "/output heads held_out=nowhere 2>" + out +
                              "/error.$OMPI_COMM_WORLD_RANK; echo $? >" + out +
                              "/code.$OMPI_COMM_WORLD_RANK' >" + out + "/log 2>&1";
  const int ended = std::system(command.c_str());
  INFO("mpirun ended with " << ended << ": " << read_text_file(folder.path() / "log"));
  for (const char* rank : {"0", "1"}) {
    CHECK(read_text_file(folder.path() / (std::string("code.") + rank)) == "2\n");
    CHECK_THAT(
        read_text_file(folder.path() / (std::string("error.") + rank)),
        Catch::Contains("scores.datasets: nobody here can score held-out data sets; expected "
                        "a training by workers; found another caller\n"));
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
