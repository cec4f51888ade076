#include "loss/batch_masks.h"

#include <catch2/catch.hpp>
#include <cstddef>

namespace helip::loss {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Five pairs with groups of their own, a copy of pair 0, and a padded row.
std::vector<RowIdentity> sample_rows() {
  return {
      {.sample = 0, .image_group = 0, .caption_group = 0},
      {.sample = 1, .image_group = 1, .caption_group = 1},
      {.sample = 2, .image_group = 1, .caption_group = 2},  // the image of pair 1
      {.sample = 3, .image_group = 3, .caption_group = 2},  // the caption of pair 2
      {.sample = 4, .image_group = 4, .caption_group = 4},
      {.sample = 0, .image_group = 0, .caption_group = 0},
      {.sample = -1, .image_group = 0, .caption_group = 0},
  };
}

TEST_CASE("duplicates share the pair or either group, and padding is nobody's duplicate") {
  const auto rows = sample_rows();
  CHECK(are_duplicates(rows[0], rows[5]));
  CHECK(are_duplicates(rows[1], rows[2]));
  CHECK(are_duplicates(rows[2], rows[3]));
  CHECK_FALSE(are_duplicates(rows[1], rows[3]));  // not transitive
  CHECK_FALSE(are_duplicates(rows[0], rows[6]));
  CHECK_FALSE(are_duplicates(rows[6], rows[6]));
  CHECK_FALSE(are_duplicates(rows[0], rows[4]));
}

TEST_CASE("equal numbers of different modalities are not duplicates") {
  const RowIdentity image{.sample = 0, .image_group = 7, .caption_group = 8};
  const RowIdentity text{.sample = 1, .image_group = 8, .caption_group = 7};
  CHECK_FALSE(are_duplicates(image, text));
}

TEST_CASE("the duplicate mask is symmetric with a zero diagonal") {
  const Bytes expected = {
      0, 0, 0, 0, 0, 1, 0,  //
      0, 0, 1, 0, 0, 0, 0,  //
      0, 1, 0, 1, 0, 0, 0,  //
      0, 0, 1, 0, 0, 0, 0,  //
      0, 0, 0, 0, 0, 0, 0,  //
      1, 0, 0, 0, 0, 0, 0,  //
      0, 0, 0, 0, 0, 0, 0,  //
  };
  CHECK(duplicate_mask(sample_rows(), 0, 7) == expected);
  CHECK(duplicate_mask({}, 0, 0).empty());
  // A rank's part is its rows of the whole.
  CHECK(duplicate_mask(sample_rows(), 1, 3) == Bytes(expected.begin() + 7, expected.begin() + 28));
}

TEST_CASE("the margin loss leaves out the seed, its hard pairs, their duplicates and padding") {
  const std::vector<std::int32_t> seeds = {0, 4, 6};
  const std::vector<std::int32_t> hard = {1, 4, 3, 3, 0, 1};
  const Bytes expected = {
      1, 1, 1, 0, 1, 1, 1,  // pair 0 and its copy; hard 1 and its image's copy 2; hard 4
      0, 0, 1, 1, 1, 0, 1,  // pair 4; hard 3 and its caption's copy 2
      1, 1, 1, 1, 1, 1, 1,  // a padded seed
  };
  CHECK(margin_excluded(sample_rows(), seeds, hard, 2) == expected);
}

TEST_CASE("without hard pairs the margin mask holds the seed's own duplicates and padding") {
  const std::vector<std::int32_t> seeds = {2};
  CHECK(margin_excluded(sample_rows(), seeds, {}, 0) == Bytes{0, 1, 1, 1, 0, 0, 1});
}

}  // namespace
}  // namespace helip::loss
