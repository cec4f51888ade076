// Mining against an independent NumPy implementation: tests/golden/mining/make_golden.py.
#include <bit>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "common/json.h"
#include "common/publish.h"
#include "config/read_choice.h"
#include "mining_support.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;
using helip::store::NpyArray;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(HELIP_SOURCE_DIR) / "tests/golden/mining";

std::int64_t ulps(float a, float b) {
  return std::llabs(std::int64_t{std::bit_cast<std::int32_t>(a)} -
                    std::int64_t{std::bit_cast<std::int32_t>(b)});
}

}  // namespace

TEST_CASE("mined pairs are NumPy's within one fp32 ulp and swaps inside it") {
  const auto cases = helip::Json::parse(helip::read_text_file(kGolden / "cases.json"));
  REQUIRE(cases.size() == 4);
  const TemporaryFolder folder;
  fs::copy(kGolden / "quarantine.npy", folder.path() / "quarantine.npy");
  for (const auto& each : cases) {
    const std::string name = each["name"];
    CAPTURE(name);
    helip::config::MiningConfig config;
    config.method = helip::config::read_choice<helip::config::MiningMethod>(each["method"], name);
    config.hard_pairs_per_target = each["k"];
    config.image_floor = each["image_floor"];
    config.text_floor = each["text_floor"];
    config.duplicate_ceiling = each["duplicate_ceiling"];
    config.pool_size = each.value("pool_size", std::uint64_t{30000});
    config.pool_refresh_targets = each.value("pool_refresh_targets", std::uint64_t{300000});
    config.seed = each.value("seed", std::uint64_t{0});
    MiningInput input{.image_embeddings = kGolden / "images.npy",
                      .text_embeddings = kGolden / "texts.npy",
                      .duplicate_groups = {},
                      .quarantine = {}};
    if (each["groups"].get<bool>()) {
      input.duplicate_groups = kGolden;
      input.quarantine = folder.path();
    }
    const MiningSession session(input, config, 2, each.value("version", 1));
    const std::uint64_t n = session.pairs();
    const std::uint64_t k = config.hard_pairs_per_target;
    Rows rows = empty_rows(n, config.hard_pairs_per_target);
    session.mine(0, n, rows.indices, rows.scores, rows.filled, {});

    const NpyArray indices_file = NpyArray::open(kGolden / (name + "_indices.npy"));
    const NpyArray scores_file = NpyArray::open(kGolden / (name + "_scores.npy"));
    const auto indices = indices_file.as<std::uint32_t>();
    const auto scores = scores_file.as<float>();
    REQUIRE(indices.size() == n * k);
    std::uint64_t filled = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      // Slot by slot the scores agree within an ulp; a pair that stands in another slot was
      // swapped with one whose score is within an ulp of its own.
      std::map<std::uint32_t, float> golden;
      for (std::uint64_t slot = i * k; slot < (i + 1) * k; ++slot) {
        golden[indices[slot]] = scores[slot];
      }
      for (std::uint64_t slot = i * k; slot < (i + 1) * k; ++slot) {
        CHECK(ulps(rows.scores[slot], scores[slot]) <= 1);
        if (rows.indices[slot] == indices[slot]) continue;
        const auto swapped = golden.find(rows.indices[slot]);
        const bool last = slot + 1 == (i + 1) * k;  // its twin may have fallen off the end
        CHECK((last || (swapped != golden.end() && ulps(swapped->second, rows.scores[slot]) <= 1)));
      }
      filled += rows.indices[i * k] != helip::kNoPair ? 1 : 0;
    }
    CHECK(filled > n / 2);
  }
}
