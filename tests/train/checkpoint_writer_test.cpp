#include "train/checkpoint/checkpoint_writer.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <string>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

const RunIdentity kRun = {
    .seed = 5, .config_digest = "c", .model_digest = "m", .table_digest = "t"};
constexpr double kLong = 60;  // seconds; no test waits so long

// Does as it is told in place of a model.
class ToldSnapshot final : public Snapshot {
 public:
  std::function<void()> when_copying = [] {};
  std::function<void()> when_writing = [] {};
  void copy() override { when_copying(); }
  [[nodiscard]] FileDigests write(const fs::path& folder) const override {
    publish_file(folder / kModelFile, "weights");
    when_writing();
    publish_file(folder / kOptimizerFile, "moments");
    return {{kModelFile, sha256_hex("weights")}, {kOptimizerFile, sha256_hex("moments")}};
  }
};

TrainState at(std::uint64_t step) { return {.run = kRun, .step = step, .epoch = 0, .loss = 1}; }

TEST_CASE("training goes on while a checkpoint is written, and finds it complete at the end") {
  const test::TemporaryFolder folder;
  CheckpointWriter writer(folder.path(), {});
  std::promise<void> may_write;
  ToldSnapshot snapshot;
  snapshot.when_writing = [&] { may_write.get_future().wait(); };
  writer.start(at(4), snapshot);
  writer.wait_copied();  // returns although nothing can be written yet
  CHECK_FALSE(newest_checkpoint(folder.path(), kRun));
  CHECK_FALSE(writer.finish_within(0));
  may_write.set_value();
  CHECK(writer.finish_within(kLong));
  CHECK(newest_checkpoint(folder.path(), kRun)->step == 4);
  CHECK(writer.finish_within(0));
}

TEST_CASE("weights may change only after they are copied") {
  const test::TemporaryFolder folder;
  CheckpointWriter writer(folder.path(), {});
  std::promise<void> may_copy;
  std::atomic<bool> copied = false;
  ToldSnapshot snapshot;
  snapshot.when_copying = [&] {
    may_copy.get_future().wait();
    copied = true;
  };
  writer.start(at(4), snapshot);
  const auto later = std::async(std::launch::async, [&] { may_copy.set_value(); });
  writer.wait_copied();
  CHECK(copied);
  CHECK(writer.take_stall() > 0);
  CHECK(writer.take_stall() == 0);
}

TEST_CASE("a checkpoint waits for the one before") {
  const test::TemporaryFolder folder;
  CheckpointWriter writer(folder.path(), {.keep = 1, .keep_every = 8});
  ToldSnapshot snapshot;
  int under_way = 0;
  int most = 0;
  snapshot.when_copying = [&] { most = std::max(most, ++under_way); };
  snapshot.when_writing = [&] { --under_way; };
  for (std::uint64_t step = 4; step <= 20; step += 4) writer.start(at(step), snapshot);
  CHECK(writer.finish_within(kLong));
  CHECK(most == 1);
  for (std::uint64_t step = 4; step <= 20; step += 4) {
    CHECK(fs::exists(folder.path() / checkpoint_name(step)) == (step % 8 == 0 || step == 20));
  }
}

TEST_CASE("what goes wrong while writing is thrown by the next call, once, and leaves nothing") {
  const test::TemporaryFolder folder;
  CheckpointWriter writer(folder.path(), {});
  ToldSnapshot broken;
  broken.when_writing = [] { throw StoreError({"the disk is full", "", "", ""}); };
  SECTION("at the end") {
    writer.start(at(4), broken);
    CHECK_THROWS_WITH(writer.finish_within(kLong), Catch::Contains("the disk is full"));
  }
  SECTION("at the next checkpoint") {
    writer.start(at(4), broken);
    ToldSnapshot good;
    CHECK_THROWS_WITH(writer.start(at(8), good), Catch::Contains("the disk is full"));
  }
  SECTION("at a step") {
    writer.start(at(4), broken);
    const auto steps = [&] {
      while (true) writer.wait_copied();
    };
    CHECK_THROWS_WITH(steps(), Catch::Contains("the disk is full"));
  }
  CHECK(fs::is_empty(folder.path()));
  ToldSnapshot good;
  writer.start(at(8), good);
  CHECK(writer.finish_within(kLong));
  CHECK(newest_checkpoint(folder.path(), kRun)->step == 8);
}

TEST_CASE("what must not be written stops the step that would go past it") {
  const test::TemporaryFolder folder;
  CheckpointWriter writer(folder.path(), {});
  ToldSnapshot snapshot;
  snapshot.when_copying = [] { throw DataError({"not finite", "tensor a", "", ""}); };
  writer.start(at(4), snapshot);
  CHECK_THROWS_WITH(writer.wait_copied(), Catch::Contains("tensor a"));
  CHECK(writer.finish_within(kLong));
  CHECK_FALSE(newest_checkpoint(folder.path(), kRun));
}

}  // namespace
}  // namespace helip::train
