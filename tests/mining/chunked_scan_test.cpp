// The order in which chunks of candidates go to a device, against a lane that follows a script.
#include "mining/screen/chunked_scan.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

using namespace helip::mining;

namespace {

constexpr std::uint32_t kCapacity = 64;

// One target; of candidate i survives what `survives` says, and `tighten` leaves `kept` of it.
class ScriptedLane final : public ScreenLane {
 public:
  ScriptedLane(std::function<bool(std::uint64_t)> survives, std::uint32_t kept)
      : survives_(std::move(survives)), kept_(kept) {}

  void begin(TargetRange /*targets*/) override {}
  bool scan(std::uint64_t first, std::uint64_t count) override {
    std::uint32_t found = pending;
    for (std::uint64_t i = first; i < first + count; ++i) found += survives_(i) ? 1 : 0;
    chunks.push_back({first, count, found <= kCapacity});
    if (found > kCapacity) return false;
    pending = found;
    return true;
  }
  std::uint32_t tighten() override { return pending = std::min(pending, kept_); }
  std::vector<TakenTarget> take(std::uint32_t least) override {
    takes.push_back(least);
    if (pending >= least) pending = 0;
    return {};
  }
  void raise(std::span<const float> bounds) override { raised = bounds.size(); }

  struct Chunk {
    std::uint64_t first, count;
    bool done;
  };
  std::vector<Chunk> chunks;
  std::vector<std::uint32_t> takes;
  std::uint32_t pending = 0;
  std::size_t raised = 0;

 private:
  std::function<bool(std::uint64_t)> survives_;
  std::uint32_t kept_;
};

void scan_all(ScriptedLane& lane, std::uint64_t candidates) {
  const std::vector<float> bounds = {0.5F};
  scan_in_chunks(lane, candidates, kCapacity, [&](auto) { return std::span(bounds); });
}

// Chunks that were done lie one after another and cover [0, candidates).
bool covered(const ScriptedLane& lane, std::uint64_t candidates) {
  std::uint64_t next = 0;
  for (const auto& chunk : lane.chunks) {
    if (chunk.first != next) return false;
    if (chunk.done) next += chunk.count;
  }
  return next == candidates;
}

}  // namespace

TEST_CASE("the first chunk cannot overflow, later ones grow with what was seen") {
  ScriptedLane lane([](std::uint64_t i) { return i < kCapacity || i % 100 == 0; }, 4);
  scan_all(lane, 100000);
  CHECK(covered(lane, 100000));
  CHECK(lane.chunks.front().count == kCapacity);
  CHECK(lane.chunks.size() < 60);
  for (std::size_t i = 1; i < lane.chunks.size(); ++i) {
    CHECK(lane.chunks[i].count <= 2 * lane.chunks[i - 1].count);
  }
  CHECK(lane.takes == std::vector<std::uint32_t>{0});
  CHECK(lane.raised == 0);
}

TEST_CASE("a chunk that overflows is done again in halves") {
  // Nothing for long, then all.
  ScriptedLane lane([](std::uint64_t i) { return i >= 5000; }, 10);
  scan_all(lane, 6000);
  CHECK(covered(lane, 6000));
  std::size_t failed = 0;
  for (std::size_t i = 0; i < lane.chunks.size(); ++i) {
    if (lane.chunks[i].done) continue;
    ++failed;
    CHECK(lane.chunks[i].count > kCapacity - 10);
    CHECK(lane.chunks[i + 1].first == lane.chunks[i].first);
    CHECK(lane.chunks[i + 1].count < lane.chunks[i].count);
  }
  CHECK(failed > 3);
  CHECK(lane.takes == std::vector<std::uint32_t>{0});
}

TEST_CASE("targets whose bound does not part what is pending are rescored in between") {
  ScriptedLane lane([](std::uint64_t) { return true; }, kCapacity);
  scan_all(lane, 1000);
  CHECK(covered(lane, 1000));
  CHECK(lane.takes.size() > 10);
  for (std::size_t i = 0; i + 1 < lane.takes.size(); ++i) {
    CHECK(lane.takes[i] == kCapacity / 2 + 1);
  }
  CHECK(lane.takes.back() == 0);
  CHECK(lane.raised == 1);
}

TEST_CASE("no candidates, or fewer than fit, are one take or one chunk") {
  for (const std::uint64_t count : {0U, 1U, 63U, 64U}) {
    ScriptedLane lane([](std::uint64_t) { return true; }, kCapacity);
    scan_all(lane, count);
    CHECK(covered(lane, count));
    CHECK(lane.chunks.size() == (count > 0 ? 1 : 0));
    CHECK(lane.takes.size() == 1);
  }
}

TEST_CASE("a device that refuses what fits is an error, not an endless loop") {
  class RefusingLane final : public ScreenLane {
    void begin(TargetRange /*targets*/) override {}
    bool scan(std::uint64_t /*first*/, std::uint64_t /*count*/) override { return false; }
    std::uint32_t tighten() override { return 0; }
    std::vector<TakenTarget> take(std::uint32_t /*least*/) override { return {}; }
    void raise(std::span<const float> /*bounds*/) override {}
  } lane;
  CHECK_THROWS_WITH(scan_in_chunks(lane, 1000, kCapacity, [](auto) { return std::span<float>(); }),
                    Catch::Contains("overflow which fit"));
}
