#include "mining/miners/pools.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "common/json.h"
#include "common/publish.h"

using namespace helip::mining;

TEST_CASE("pools are those of the golden file") {
  const auto golden =
      helip::Json::parse(helip::read_text_file(HELIP_SOURCE_DIR "/tests/golden/mining/pools.json"));
  REQUIRE(golden.size() == 9);
  for (const auto& each : golden) {
    const PoolRule rule{.pairs = each["pairs"],
                        .pool_size = each["size"],
                        .refresh_targets = 1,
                        .seed = each["seed"],
                        .table_version = each["version"]};
    CAPTURE(each.dump());
    CHECK(draw_pool(rule, each["pool"]) == each["ids"].get<std::vector<std::uint32_t>>());
  }
}

TEST_CASE("a pool holds distinct ids in ascending order, and pools differ") {
  const PoolRule rule{
      .pairs = 5000, .pool_size = 700, .refresh_targets = 300, .seed = 1, .table_version = 1};
  std::set<std::vector<std::uint32_t>> pools;
  std::vector<int> chosen(5000);
  for (std::uint64_t g = 0; g < 200; ++g) {
    const auto ids = draw_pool(rule, g);
    REQUIRE(ids.size() == 700);
    CHECK(std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) == ids.end());
    CHECK(ids.back() < 5000);
    pools.insert(ids);
    for (const std::uint32_t id : ids) ++chosen[id];
  }
  CHECK(pools.size() == 200);
  // Each id is in a pool with probability 0.14: mean 28, standard deviation 4.9.
  CHECK(*std::min_element(chosen.begin(), chosen.end()) > 3);
  CHECK(*std::max_element(chosen.begin(), chosen.end()) < 60);
}

TEST_CASE("targets of one run share a pool") {
  const PoolRule rule{
      .pairs = 1000, .pool_size = 10, .refresh_targets = 300, .seed = 1, .table_version = 1};
  CHECK(pool_of(rule, 0) == 0);
  CHECK(pool_of(rule, 299) == 0);
  CHECK(pool_of(rule, 300) == 1);
  CHECK(pool_of(rule, 999) == 3);
}
