#include "train/input/local_batch.h"

#include <array>
#include <catch2/catch.hpp>
#include <numeric>

namespace helip::train {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Rows = std::vector<std::int64_t>;

std::vector<SampleId> ids(std::initializer_list<std::uint64_t> numbers) {
  std::vector<SampleId> result;
  for (const std::uint64_t number : numbers) result.push_back(SampleId{number});
  return result;
}

// Three seeds (10, 20, 30) with one hard pair each; 21 and 11 share an image, 31 is a copy of the
// seed 10.
const train::BatchPlan kPlan = {.ids = ids({10, 11, 20, 21, 30, 10}),
                                .seed_rows = {0, 2, 4},
                                .hard_rows = {1, 3, 5},
                                .hard_pairs_per_seed = 1,
                                .viewed_rows = {0, 2, 4}};

struct Groups {
  Groups() : image(100), caption(100) {
    std::iota(image.begin(), image.end(), 0U);
    std::iota(caption.begin(), caption.end(), 0U);
    image[21] = image[11];
  }
  std::vector<std::uint32_t> image, caption;
};

LocalBatch cut(int rank, int size, bool mask_duplicates = true) {
  const Groups groups;
  return cut_batch(kPlan, rank, size, groups.image, groups.caption, mask_duplicates);
}

TEST_CASE("one rank gets the batch as it is, without padding") {
  const LocalBatch batch = cut(0, 1);
  CHECK(batch.rows == 6);
  CHECK(batch.global_rows == 6);
  CHECK(batch.total_rows == 6);
  CHECK(batch.total_seeds == 3);
  CHECK(batch.ids == kPlan.ids);
  CHECK(batch.slots == std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5});
  CHECK(batch.valid.empty());
  CHECK(batch.seed_rows == Rows{0, 2, 4});
  CHECK(batch.hard_rows == Rows{1, 3, 5});
  // 0 and 5 are one pair, 1 and 3 share an image.
  const Bytes duplicate = {0, 0, 0, 0, 0, 1,  //
                           0, 0, 0, 1, 0, 0,  //
                           0, 0, 0, 0, 0, 0,  //
                           0, 1, 0, 0, 0, 0,  //
                           0, 0, 0, 0, 0, 0,  //
                           1, 0, 0, 0, 0, 0};
  CHECK(batch.duplicate == duplicate);
  const Bytes excluded = {1, 1, 0, 1, 0, 1,  // seed 10: itself, 11, 21 by 11's image, its copy
                          0, 1, 1, 1, 0, 0,  // seed 20: 21, 11 by 21's image
                          1, 0, 0, 0, 1, 1};
  CHECK(batch.excluded == excluded);
}

TEST_CASE("ranks with fewer rows are padded with masked rows, and rows keep their slots") {
  const LocalBatch first = cut(0, 2);
  const LocalBatch second = cut(1, 2);
  CHECK(first.rows == 4);
  CHECK(first.global_rows == 8);
  CHECK(first.first_row == 0);
  CHECK(second.first_row == 4);
  CHECK(first.ids == ids({10, 11, 20, 21}));
  CHECK(second.ids == ids({30, 10, 10, 10}));  // padded with the batch's first pair
  CHECK(second.slots[0] == 4);
  CHECK(second.slots[1] == 5);
  CHECK(second.slots[2] >= 6);  // no row's slot
  const Bytes valid = {1, 1, 1, 1, 1, 1, 0, 0};
  CHECK(first.valid == valid);
  CHECK(second.valid == valid);
  CHECK(first.seed_rows == Rows{0, 2});
  CHECK(second.seed_rows == Rows{0});
  CHECK(second.hard_rows == Rows{5});
  CHECK(second.excluded == Bytes{1, 0, 0, 0, 1, 1, 1, 1});
  CHECK(first.total_rows == 6);
  CHECK(first.total_seeds == 3);
  CHECK(first.duplicate.size() == 4 * 8);
  CHECK(second.duplicate.size() == 4 * 8);
  CHECK(second.duplicate[1 * 8 + 0] == 1);  // its second row is pair 10's other copy
  CHECK(second.duplicate[2 * 8 + 0] == 0);  // a padded row is nobody's duplicate
  CHECK(first.duplicate[0 * 8 + 5] == 1);
  CHECK(first.duplicate[0 * 8 + 6] == 0);  // a padded row is nobody's duplicate
}

TEST_CASE("with more ranks than seeds, the ranks without a seed have masked rows only") {
  const LocalBatch batch = cut(3, 4);
  CHECK(batch.rows == 2);
  CHECK(batch.seed_rows.empty());
  CHECK(batch.excluded.empty());
  CHECK(batch.ids == ids({10, 10}));
  CHECK(batch.valid == Bytes{1, 1, 1, 1, 1, 1, 0, 0});
}

TEST_CASE("hard pairs that lie on another rank cannot be, so partners follow their seed's rank") {
  for (int size = 1; size <= 4; ++size) {
    for (int rank = 0; rank < size; ++rank) {
      const LocalBatch batch = cut(rank, size);
      for (const std::int64_t row : batch.hard_rows) {
        CHECK(row >= batch.first_row);
        CHECK(row < batch.first_row + batch.rows);
      }
    }
  }
}

TEST_CASE("without mask_duplicates only copies of one pair are masked") {
  const LocalBatch batch = cut(0, 1, false);
  CHECK(batch.duplicate[0 * 6 + 5] == 1);
  CHECK(batch.duplicate[1 * 6 + 3] == 0);
  CHECK(batch.excluded == cut(0, 1, true).excluded);
}

TEST_CASE("a batch without hard pairs has no margin loss") {
  const Groups groups;
  const train::BatchPlan plan = {.ids = ids({1, 2, 3}),
                                 .seed_rows = {0, 1, 2},
                                 .hard_rows = {},
                                 .hard_pairs_per_seed = 0,
                                 .viewed_rows = {0}};
  const LocalBatch batch = cut_batch(plan, 0, 1, groups.image, groups.caption, true);
  CHECK(batch.hard_pairs_per_seed == 0);
  CHECK(batch.excluded.empty());
  CHECK(batch.seed_rows.size() == 3);
}

TEST_CASE("each seed is trained once a pass while the number of ranks changes in its course") {
  config::TrainConfig config;
  config.hard_pairs = config::HardPairs::kRandom;
  config.seeds_per_batch = 5;
  config.hard_pairs_per_seed = 2;
  std::vector<std::uint32_t> seeds(100);
  std::iota(seeds.begin(), seeds.end(), 0U);
  const train::BatchSampler sampler(config, /*run_seed=*/3, seeds, nullptr);
  const Groups groups;
  constexpr std::array<int, 3> kRanks = {2, 3, 1};
  for (std::uint64_t pass = 0; pass < 3; ++pass) {
    std::vector<int> trained(seeds.size(), 0);
    for (std::uint64_t step = 0; step < sampler.steps_per_pass(); ++step) {
      const int size = kRanks.at(step * kRanks.size() / sampler.steps_per_pass());
      for (int rank = 0; rank < size; ++rank) {
        const LocalBatch batch =
            cut_batch(sampler.plan(pass, step), rank, size, groups.image, groups.caption, true);
        for (const std::int64_t row : batch.seed_rows) {
          ++trained.at(to_index(batch.ids.at(static_cast<std::size_t>(row))));
        }
      }
    }
    CHECK(trained == std::vector<int>(seeds.size(), 1));
  }
}

}  // namespace
}  // namespace helip::train
