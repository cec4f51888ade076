#include "train/checkpoint/checkpoint.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

const RunIdentity kRun = {
    .seed = 5, .config_digest = "c", .model_digest = "m", .table_digest = "t"};

const std::vector<TableVersion> kTables = {
    {.number = 2, .requested = 13, .first_step = 13, .first_pass = 1, .digest = "second"},
    {.number = 3, .requested = 17, .first_step = 25, .first_pass = 2, .digest = "third"}};

HeldOutScore score_at(std::uint64_t step, double acc1) {
  return {.step = step, .results = {{"dev", "zeroshot_classification", {{"acc1", acc1}}}}};
}

const HeldOutScores kScores = {score_at(0, 1.0 / 7), score_at(10, 0.1)};

void write(const fs::path& folder, std::uint64_t step, const RunIdentity& run = kRun) {
  write_checkpoint(folder,
                   {.run = run,
                    .step = step,
                    .epoch = step / 10,
                    .loss = 1.0 / 3,
                    .scaler = {.scale = 512, .good_steps = 3},
                    .later_tables = kTables,
                    .held_out = kScores},
                   [&](const fs::path& into) {
                     const std::string weights = "weights of step " + std::to_string(step);
                     publish_file(into / kModelFile, weights);
                     publish_file(into / kOptimizerFile, "moments");
                     return FileDigests{{kModelFile, sha256_hex(weights)},
                                        {kOptimizerFile, sha256_hex("moments")}};
                   });
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_CASE("a checkpoint comes back as it was written") {
  const test::TemporaryFolder folder;
  write(folder.path(), 20);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"step-00000020"});
  const TrainState state = read_checkpoint(folder.path() / "step-00000020");
  CHECK(state.run.seed == 5);
  CHECK(state.run.config_digest == "c");
  CHECK(state.run.model_digest == "m");
  CHECK(state.run.table_digest == "t");
  CHECK(state.step == 20);
  CHECK(state.epoch == 2);
  CHECK(state.loss == 1.0 / 3);
  CHECK(state.scaler.scale == 512);
  CHECK(state.scaler.good_steps == 3);
  CHECK(state.later_tables == kTables);
  CHECK(state.held_out == kScores);
}

TEST_CASE("the newest checkpoint is found, and none in an empty or missing folder") {
  const test::TemporaryFolder folder;
  CHECK_FALSE(newest_checkpoint(folder.path(), kRun));
  CHECK_FALSE(newest_checkpoint(folder.path() / "none", kRun));
  write(folder.path(), 9);
  write(folder.path(), 100);
  write(folder.path(), 99);
  CHECK(newest_checkpoint(folder.path(), kRun)->step == 100);
}

TEST_CASE("every damaged or missing file of a checkpoint is named, and the one before is taken") {
  for (const char* name :
       {"model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"}) {
    for (const char* damage : {"flip", "truncate", "remove"}) {
      const test::TemporaryFolder folder;
      write(folder.path(), 1);
      write(folder.path(), 2);
      const fs::path file = folder.path() / "step-00000002" / name;
      if (std::string(damage) == "remove") {
        fs::remove(file);
      } else if (std::string(damage) == "truncate") {
        fs::resize_file(file, fs::file_size(file) - 3);
      } else {
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(1);
        stream.put('\x01');
      }
      INFO(name << " " << damage);
      CHECK_THROWS_WITH(read_checkpoint(folder.path() / "step-00000002"), Catch::Contains(name));
      CHECK_THROWS_AS(read_checkpoint(folder.path() / "step-00000002"), StoreError);
      CHECK(newest_checkpoint(folder.path(), kRun)->step == 1);
    }
  }
}

TEST_CASE("a checkpoint of another run is refused, naming what differs") {
  const test::TemporaryFolder folder;
  write(folder.path(), 1);
  const auto refusal = [&](RunIdentity run) {
    try {
      newest_checkpoint(folder.path(), run);
      return std::string("accepted");
    } catch (const StoreError& problem) {
      return std::string(problem.what());
    }
  };
  RunIdentity other = kRun;
  other.seed = 6;
  CHECK_THAT(refusal(other),
             Catch::Contains("another seed") && Catch::Contains("6") && Catch::Contains("5"));
  other = kRun;
  other.model_digest = "another";
  CHECK_THAT(refusal(other), Catch::Contains("another model"));
  other = kRun;
  other.table_digest = "another";
  CHECK_THAT(refusal(other), Catch::Contains("another hard-pair table"));
  other = kRun;
  other.config_digest = "another";
  CHECK_THAT(refusal(other),
             Catch::Contains("another configuration") && Catch::Contains("step-00000001"));
}

TEST_CASE("a checkpoint that could not be written leaves nothing behind") {
  const test::TemporaryFolder folder;
  const auto fail = [](const fs::path&) -> FileDigests {
    throw StoreError({"disk full", "", "", ""});
  };
  CHECK_THROWS_AS(write_checkpoint(folder.path(), {.run = kRun, .step = 3}, fail), StoreError);
  CHECK(names_in(folder.path()).empty());
}

TEST_CASE("a checkpoint of the same step replaces a damaged one") {
  const test::TemporaryFolder folder;
  write(folder.path(), 4);
  fs::remove(folder.path() / "step-00000004" / "state.json");
  write(folder.path(), 4);
  CHECK(read_checkpoint(folder.path() / "step-00000004").step == 4);
}

TEST_CASE("old checkpoints are removed, but a damaged one does not count") {
  const test::TemporaryFolder folder;
  for (const std::uint64_t step : {1, 2, 3, 4}) write(folder.path(), step);
  fs::remove(folder.path() / "step-00000004" / "manifest.json");
  remove_old_checkpoints(folder.path(), {.keep = 2});
  CHECK(names_in(folder.path()) ==
        std::vector<std::string>{"step-00000002", "step-00000003", "step-00000004"});
  remove_old_checkpoints(folder.path(), {.keep = 0});
  CHECK(names_in(folder.path()) == std::vector<std::string>{"step-00000003", "step-00000004"});
}

TEST_CASE("checkpoints of every so many steps stay beside the newest ones") {
  const test::TemporaryFolder folder;
  for (std::uint64_t step = 2; step <= 20; step += 2) {
    write(folder.path(), step);
    remove_old_checkpoints(folder.path(), {.keep = 2, .keep_every = 6});
  }
  CHECK(names_in(folder.path()) == std::vector<std::string>{"step-00000006", "step-00000012",
                                                            "step-00000018", "step-00000020"});
}

TEST_CASE("the checkpoints of the best score and of a table to come are needed") {
  TrainState state;
  CHECK(steps_needed(state, "dev/acc1").empty());
  state.held_out = {score_at(0, 0.1), score_at(10, 0.3), score_at(20, 0.2)};
  CHECK(steps_needed(state, "").empty());
  CHECK(steps_needed(state, "dev/acc1") == std::set<std::uint64_t>{10});
  state.later_tables = kTables;
  CHECK(steps_needed(state, "dev/acc1") == std::set<std::uint64_t>{10});
  CHECK(awaited_table(state) == nullptr);
  state.later_tables.back().digest.clear();
  CHECK(steps_needed(state, "dev/acc1") == std::set<std::uint64_t>{10, 17});
  CHECK(awaited_table(state) == &state.later_tables.back());
}

TEST_CASE("a checkpoint that awaits a table of a damaged one is skipped") {
  const test::TemporaryFolder folder;
  TrainState awaiting{.run = kRun, .step = 20, .later_tables = kTables};
  awaiting.later_tables.back().digest.clear();
  for (const std::uint64_t step : {10, 17}) write(folder.path(), step);
  write_checkpoint(folder.path(), awaiting, [&](const fs::path& into) {
    publish_file(into / kModelFile, "w");
    publish_file(into / kOptimizerFile, "o");
    return FileDigests{{kModelFile, sha256_hex("w")}, {kOptimizerFile, sha256_hex("o")}};
  });
  CHECK(newest_checkpoint(folder.path(), kRun)->step == 20);
  publish_file(folder.path() / "step-00000017" / kModelFile, "damaged");
  CHECK(newest_checkpoint(folder.path(), kRun)->step == 10);
}

TEST_CASE("a checkpoint that is needed stays") {
  const test::TemporaryFolder folder;
  for (const std::uint64_t step : {1, 2, 3, 4}) write(folder.path(), step);
  remove_old_checkpoints(folder.path(), {.keep = 1}, {2});
  CHECK(names_in(folder.path()) == std::vector<std::string>{"step-00000002", "step-00000004"});
  remove_old_checkpoints(folder.path(), {.keep = 1}, {4});
  CHECK(names_in(folder.path()) == std::vector<std::string>{"step-00000004"});
}

TEST_CASE("a complete checkpoint is never written again") {
  const test::TemporaryFolder folder;
  write(folder.path(), 4);
  const auto fail = [](const fs::path&) -> FileDigests {
    throw StoreError({"written", "", "", ""});
  };
  write_checkpoint(folder.path(), {.run = kRun, .step = 4}, fail);
  CHECK(read_checkpoint(folder.path() / "step-00000004").loss == 1.0 / 3);
}

TEST_CASE("a checkpoint under the name of another step is refused") {
  const test::TemporaryFolder folder;
  write(folder.path(), 4);
  fs::rename(folder.path() / "step-00000004", folder.path() / "step-00000009");
  CHECK_THROWS_WITH(read_checkpoint(folder.path() / "step-00000009"),
                    Catch::Contains("step-00000004") && Catch::Contains("another"));
}

TEST_CASE("what a killed run left half written is swept away, and nothing else") {
  const test::TemporaryFolder folder;
  write(folder.path(), 1);
  fs::create_directories(folder.path() / "step-00000002.tmp.123");
  publish_file(folder.path() / "step-00000002.tmp.123" / kModelFile, "half");
  fs::create_directories(folder.path() / "notes");
  CHECK(newest_checkpoint(folder.path(), kRun)->step == 1);
  sweep_checkpoints(folder.path());
  CHECK(names_in(folder.path()) == std::vector<std::string>{"notes", "step-00000001"});
  sweep_checkpoints(folder.path() / "none");
}

}  // namespace
}  // namespace helip::train
