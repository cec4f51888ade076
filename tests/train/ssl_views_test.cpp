#include "train/input/ssl_views.h"

#include <catch2/catch.hpp>
#include <numeric>

namespace helip::train {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Rows = std::vector<std::int64_t>;

// Three seeds (10, 20, 10) with a hard pair each; 21 and 10 share an image.
const train::BatchPlan kPlan = {
    .ids = {SampleId{10}, SampleId{11}, SampleId{20}, SampleId{21}, SampleId{10}, SampleId{12}},
    .seed_rows = {0, 2, 4},
    .hard_rows = {1, 3, 5},
    .hard_pairs_per_seed = 1,
    .viewed_rows = {0, 2, 4}};

SslViews cut(int rank, int size, bool mask_duplicates, bool all_rows) {
  std::vector<std::uint32_t> groups(100);
  std::iota(groups.begin(), groups.end(), 0U);
  groups[21] = groups[10];
  return cut_views(kPlan, rank, size, groups, mask_duplicates, all_rows);
}

TEST_CASE("one rank compares the views of all seeds, or of all rows") {
  const SslViews seeds = cut(0, 1, true, false);
  CHECK(seeds.rows == Rows{0, 2, 4});
  CHECK(seeds.gathered == Rows{0, 1, 2});
  CHECK(seeds.first == 0);
  CHECK(seeds.own == 3);
  CHECK(seeds.duplicate == Bytes{0, 0, 1, 0, 0, 0, 1, 0, 0});  // the two copies of pair 10

  const SslViews all = cut(0, 1, true, true);
  CHECK(all.rows == Rows{0, 1, 2, 3, 4, 5});
  CHECK(all.own == 6);
  CHECK(Bytes(all.duplicate.begin(), all.duplicate.begin() + 6) == Bytes{0, 0, 0, 1, 1, 0});
  CHECK(Bytes(all.duplicate.begin() + 18, all.duplicate.begin() + 24) == Bytes{1, 0, 0, 0, 1, 0});
}

TEST_CASE("without mask_duplicates only copies of a pair show one image") {
  const SslViews all = cut(0, 1, false, true);
  CHECK(Bytes(all.duplicate.begin(), all.duplicate.begin() + 6) == Bytes{0, 0, 0, 0, 1, 0});
}

TEST_CASE("ranks with fewer views are padded, and padding is not gathered") {
  const SslViews first = cut(0, 2, true, false);
  const SslViews second = cut(1, 2, true, false);
  CHECK(first.rows == Rows{0, 2});
  CHECK(second.rows == Rows{0, 0});  // its seed, and padding
  for (const SslViews* views : {&first, &second}) CHECK(views->gathered == Rows{0, 1, 2});
  CHECK(first.own == 2);
  CHECK(second.first == 2);
  CHECK(second.own == 1);
  CHECK(first.duplicate == Bytes{0, 0, 1, 0, 0, 0});
  CHECK(second.duplicate == Bytes{1, 0, 0});
  const SslViews all = cut(1, 2, true, true);
  CHECK(all.rows == Rows{0, 1, 0, 0});
  CHECK(all.gathered == Rows{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a rank without seeds makes views that nobody compares") {
  const SslViews last = cut(3, 4, true, false);
  CHECK(last.rows == Rows{0});
  CHECK(last.own == 0);
  CHECK(last.first == 3);
  CHECK(last.gathered == Rows{0, 1, 2});
  CHECK(last.duplicate.empty());
}

}  // namespace
}  // namespace helip::train
