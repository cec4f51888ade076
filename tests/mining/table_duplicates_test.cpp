#include "mining/table/table_duplicates.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "mining_support.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;
using helip::kNoPair;

TEST_CASE("hard pairs in the target's groups are counted for each group by itself") {
  const TemporaryFolder folder;
  const auto table = write_table(
      folder.path() / "t", 2,
      {{1, 2, 0, kNoPair, 3, 0, kNoPair, kNoPair}, {0.5F, 0.25F, 0.5F, 0, 0.5F, 0.25F, 0, 0}});
  // Images: 0 = 2. Captions: 0 = 1 and 2 = 3. Slots: 0→1 c, 0→2 i, 1→0 c, 2→3 c, 2→0 i.
  const std::vector<std::uint32_t> images = {0, 1, 0, 3};
  const std::vector<std::uint32_t> captions = {0, 0, 2, 2};
  const DuplicateSlots slots = duplicate_slots(table, images, captions);
  CHECK(slots.same_image == 2);
  CHECK(slots.same_caption == 3);
  CHECK_THROWS_AS(duplicate_slots(table, images, std::vector<std::uint32_t>(3)), helip::DataError);
  CHECK_THROWS_WITH(duplicate_slots(table, std::vector<std::uint32_t>(5), captions),
                    (folder.path() / "t").string() +
                        ": the duplicate groups are not of the table's corpus; expected 4 pairs; "
                        "found 5 image groups, 4 caption groups");
}

TEST_CASE("a table mined with groups holds no duplicates, one mined without them does") {
  Pairs pairs = random_pairs(120, 12, 10, 5);
  // As brute_force treats them: no groups, then groups.
  const Rows without = brute_force(pairs, {}, 8);
  for (std::uint32_t i = 0; i < 120; ++i) {
    // Multiples of the 7 clusters, so that duplicates are similar.
    pairs.image_group.push_back(i % 63);
    pairs.caption_group.push_back(i % 42);
  }
  const Rows with = brute_force(pairs, {}, 8);
  std::uint64_t same_image = 0;
  std::uint64_t same_caption = 0;
  for (std::size_t slot = 0; slot < without.indices.size(); ++slot) {
    const std::uint32_t id = without.indices[slot];
    if (id == kNoPair) continue;
    const std::size_t target = slot / 8;
    same_image += id % 63 == target % 63 ? 1 : 0;
    same_caption += id % 42 == target % 42 ? 1 : 0;
  }
  REQUIRE(same_caption > 0);
  REQUIRE(same_image > 0);
  const TemporaryFolder folder;
  const DuplicateSlots found = duplicate_slots(write_table(folder.path() / "without", 8, without),
                                               pairs.image_group, pairs.caption_group);
  CHECK(found.same_image == same_image);
  CHECK(found.same_caption == same_caption);
  const DuplicateSlots none = duplicate_slots(write_table(folder.path() / "with", 8, with),
                                              pairs.image_group, pairs.caption_group);
  CHECK(none.same_image == 0);
  CHECK(none.same_caption == 0);
}
