// The hub cap against its definition by full sorts.
#include "mining/table/hub_cap.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/rng.h"
#include "mining_support.h"

using helip::kNoPair;
using helip::mining::HubCap;
using namespace helip::test;

namespace {

constexpr std::uint64_t kPairs = 160;
constexpr std::uint32_t kWidth = 12;

// Low ids are hubs; few different scores, so that they tie; some rows have empty slots.
Rows hub_table() {
  Rows table;
  helip::RandomStream stream(4, "test.hubs", {});
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    std::set<std::uint32_t> ids;
    const std::uint64_t filled = i % 7 == 0 ? stream.below(kWidth) : kWidth;
    while (ids.size() < filled) {
      const double u = stream.uniform();
      const auto id = static_cast<std::uint32_t>(u * u * u * kPairs);
      if (id != i) ids.insert(id);
    }
    std::vector<std::pair<float, std::uint32_t>> row;
    for (const std::uint32_t id : ids) {
      row.emplace_back(-static_cast<float>(1 + stream.below(5)) / 8, id);
    }
    std::sort(row.begin(), row.end());
    row.resize(kWidth, {0.0F, kNoPair});
    for (const auto& [negative, id] : row) {
      table.indices.push_back(id);
      table.scores.push_back(-negative);
    }
  }
  return table;
}

Rows capped_in_blocks(const Rows& table, std::uint32_t cap, std::uint32_t k) {
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks = {{90, 70}, {0, 1}, {1, 89}};
  const auto rows = [](const auto& values, std::uint64_t first, std::uint64_t count,
                       std::uint64_t width) {
    return std::span(values).subspan(first * width, count * width);
  };
  HubCap hubs(kPairs, cap);
  for (const auto& [first, count] : blocks) {
    hubs.count(first, kWidth, rows(table.indices, first, count, kWidth),
               rows(table.scores, first, count, kWidth));
  }
  Rows capped = empty_rows(kPairs, k);
  for (const auto& [first, count] : blocks) {
    hubs.apply(first, kWidth, rows(table.indices, first, count, kWidth),
               rows(table.scores, first, count, kWidth), k,
               std::span(capped.indices).subspan(first * k, count * k),
               std::span(capped.scores).subspan(first * k, count * k));
  }
  return capped;
}

}  // namespace

TEST_CASE("each candidate keeps its best choosers and rows refill by rank") {
  const Rows table = hub_table();
  for (const std::uint32_t k : {1U, 6U, kWidth}) {
    const Rows free = capped_in_blocks(table, 1000000, k);
    for (const std::uint32_t cap : {1U, 2U, 9U, 40U, 1000000U}) {
      CAPTURE(k, cap);
      const Rows capped = capped_in_blocks(table, cap, k);
      const Rows expected = capped_by_definition(table, kWidth, cap, k);
      CHECK(capped.indices == expected.indices);
      CHECK(capped.scores == expected.scores);
      CHECK((capped.indices == free.indices) == (cap > 40));
      std::map<std::uint32_t, std::uint32_t> times;
      for (const std::uint32_t id : capped.indices) {
        if (id != kNoPair) CHECK(++times[id] <= cap);
      }
    }
  }
}
