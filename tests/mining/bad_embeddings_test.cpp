// Inputs that mining refuses before it starts.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "common/error.h"
#include "mining/mining_job.h"
#include "mining_support.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;
using helip::config::MiningConfig;
using helip::config::MiningMethod;
namespace fs = std::filesystem;

TEST_CASE("a positive-aware margin without a joint space is refused") {
  const TemporaryFolder folder;
  const MiningInput input = write_pairs(random_pairs(20, 4, 6, 1), folder.path());
  MiningConfig config = small_config(MiningMethod::kExact);
  config.absolute_margin = 0.1;
  CHECK_THROWS_AS(MiningSession(input, config, 1), helip::ConfigError);
  CHECK_THROWS_WITH(MiningSession(input, config, 1),
                    "mining.absolute_margin: a positive-aware margin needs a joint space of images "
                    "and texts; expected image and text embeddings of equal width; found widths 4 "
                    "and 6");
  config.absolute_margin.reset();
  CHECK_NOTHROW(MiningSession(input, config, 1));
  config.relative_margin = 0.0;
  CHECK_THROWS_WITH(MiningSession(input, config, 1),
                    Catch::Contains("mining.relative_margin") && Catch::Contains("4 and 6"));
}

TEST_CASE("k larger than the pool is a configuration error") {
  const Pairs pairs = random_pairs(20, 4, 4, 1);
  const TemporaryFolder folder;
  const MiningInput input = write_pairs(pairs, folder.path());
  MiningConfig config = small_config(MiningMethod::kExact);
  config.hard_pairs_per_target = 19;
  CHECK_NOTHROW(MiningSession(input, config, 1));
  config.hard_pairs_per_target = 20;
  CHECK_THROWS_AS(MiningSession(input, config, 1), helip::ConfigError);
  CHECK_THROWS_WITH(MiningSession(input, config, 1),
                    "mining.hard_pairs_per_target: more hard pairs per target than there are "
                    "candidates; expected 1 to 19 (a corpus of 20 pairs); found 20");
  config.method = MiningMethod::kFast;
  config.pool_size = 8;
  config.hard_pairs_per_target = 7;
  CHECK_NOTHROW(MiningSession(input, config, 1));
  config.hard_pairs_per_target = 8;
  CHECK_THROWS_WITH(MiningSession(input, config, 1),
                    "mining.hard_pairs_per_target: more hard pairs per target than there are "
                    "candidates; expected 1 to 7 (a pool of 8 pairs); found 8");
  config.hard_pairs_per_target = 0;
  CHECK_THROWS_AS(MiningSession(input, config, 1), helip::ConfigError);
}

TEST_CASE("inputs that do not fit each other are refused by name") {
  const TemporaryFolder folder;
  const fs::path base = folder.path();
  const MiningConfig config = small_config(MiningMethod::kExact);
  const Pairs pairs = grouped_pairs();
  MiningInput input = write_pairs(pairs, base / "a");

  MiningInput other = input;
  other.text_embeddings = base / "b";
  write_npy<float>(base / "b" / "text_emb" / "text_emb_0.npy", helip::store::DType::kF32, {209, 2},
                   std::vector<float>(418, 1.0F));
  CHECK(error_of([&] { MiningSession(other, config, 1); }) ==
        (base / "b/text_emb").string() +
            ": image and text embeddings are not of the same pairs; expected 210 rows, as in " +
            (base / "a/img_emb").string() + "; found 209 rows");

  other = input;
  other.duplicate_groups = base / "c";
  write_npy<std::uint32_t>(base / "c/image_group.npy", helip::store::DType::kU32, {209},
                           std::vector<std::uint32_t>(209));
  CHECK(error_of([&] { MiningSession(other, config, 1); }) ==
        (base / "c/image_group.npy").string() +
            ": the duplicate groups do not fit the embeddings; expected uint32 [210]; found 1-D, "
            "836 bytes");
  other.duplicate_groups = base / "nowhere";
  CHECK_THROWS_AS(MiningSession(other, config, 1), helip::StoreError);
  other = input;
  other.quarantine = base / "nowhere";
  CHECK_THROWS_AS(MiningSession(other, config, 1), helip::StoreError);
  other = input;
  other.image_embeddings = base / "nowhere";
  CHECK_THROWS_AS(MiningSession(other, config, 1), helip::StoreError);

  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Pairs broken = pairs;
    broken.texts[37 * 16 + 3] = bad;
    const fs::path at = base / ("bad" + std::to_string(std::isnan(bad)));
    const MiningInput broken_input = write_pairs(broken, at);
    CHECK(error_of([&] { MiningSession(broken_input, config, 2); }) ==
          (at / "text_emb/text_emb_0.npy").string() +
              ": row 37: an embedding is not finite; expected finite values");
    // The same rows in two parts: the error names the part, and the row in it and in all.
    const auto cut_at = broken.texts.begin() + 30 * 16;
    write_npy<float>(at / "text_emb/text_emb_0.npy", helip::store::DType::kF32, {30, 16},
                     {broken.texts.begin(), cut_at});
    write_npy<float>(at / "text_emb/text_emb_1.npy", helip::store::DType::kF32, {180, 16},
                     {cut_at, broken.texts.end()});
    CHECK(error_of([&] { MiningSession(broken_input, config, 2); }) ==
          (at / "text_emb/text_emb_1.npy").string() +
              ": row 7, row 37 of all parts: an embedding is not finite; expected finite values");
  }

  const MiningSession session(input, config, 1);
  Rows rows = empty_rows(2, 6);
  const auto mine = [&](std::uint64_t first, std::uint64_t count) {
    session.mine(first, count, rows.indices, rows.scores, rows.filled, {});
  };
  CHECK_NOTHROW(mine(208, 2));
  CHECK_THROWS_AS(mine(209, 2), helip::DataError);
  CHECK_THROWS_AS(mine(~0ULL, 2), helip::DataError);
  CHECK_THROWS_AS(mine(0, 1), helip::DataError);
  rows.filled.pop_back();
  CHECK_THROWS_AS(mine(208, 2), helip::DataError);
}
