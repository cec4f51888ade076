#include "mining/sample_oracle.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <optional>
#include <utility>

#include "common/error.h"
#include "mining/mining_support.h"
#include "mining/pairs/embedding_files.h"
#include "support/temporary_folder.h"

namespace helip::test {
namespace {

using Catch::Contains;

TEST_CASE("The oracle of a sample passes the exact table, and names the first slot that differs") {
  const TemporaryFolder folder;
  const Pairs pairs = random_pairs(300, 20, 37, 4);
  const auto input = write_pairs(pairs, folder.path());
  const std::uint32_t k = 5;
  Rows rows = mined_exactly(pairs, {}, k);
  store::HardPairManifest manifest;
  manifest.method = "exact";
  manifest.duplicate_ceiling = 0.98;
  manifest.embeddings_digest =
      mining::embeddings_digest(input.image_embeddings, input.text_embeddings);
  const SampleOracle oracle{.images = folder.path(), .texts = folder.path(), .threads = 2};
  CHECK(first_difference(write_table(folder.path() / "good", k, rows, manifest), oracle) ==
        std::nullopt);

  std::swap(rows.indices[70 * k + 2], rows.indices[70 * k + 3]);
  rows.scores[200 * k] = std::nextafter(rows.scores[200 * k], 1.0F);
  const auto difference =
      first_difference(write_table(folder.path() / "swapped", k, rows, manifest), oracle);
  REQUIRE(difference);
  CHECK_THAT(*difference, Contains("target 70, slot 2"));
}

TEST_CASE("The oracle of a sample refuses tables that brute force cannot judge") {
  const TemporaryFolder folder;
  const Pairs pairs = random_pairs(20, 4, 4, 1);
  write_pairs(pairs, folder.path());
  const Rows rows = mined_exactly(pairs, {}, 3);
  const SampleOracle oracle{.images = folder.path(), .texts = folder.path()};
  store::HardPairManifest manifest;
  manifest.method = "index";
  CHECK_THROWS_WITH(
      first_difference(write_table(folder.path() / "index", 3, rows, manifest), oracle),
      Contains("method exact"));
  manifest.method = "exact";
  CHECK_THROWS_WITH(
      first_difference(write_table(folder.path() / "other", 3, rows, manifest), oracle),
      Contains("not of these embeddings"));
}

}  // namespace
}  // namespace helip::test
