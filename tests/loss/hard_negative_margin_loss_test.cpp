// The margin loss against scalar loops in double, its gradient against central differences of those
// loops, and shares of several ranks against the whole.
#include "loss/hard_negative_margin_loss.h"

#include <ATen/ops/zeros.h>

#include <catch2/catch.hpp>

#include "loss_batch.h"
#include "support/central_differences.h"

namespace helip::loss {
namespace {

TEST_CASE("margin loss and gradients equal scalar loops and central differences") {
  const bool detach = GENERATE(false, true);
  const double scale = GENERATE(1.0, 4.0);
  const bool padded = GENERATE(false, true);
  Batch batch = make_batch(21);
  if (padded) {
    for (const std::size_t row : {7U, 8U}) batch.identity[row].sample = -1;
    batch.hard_rows[4] = batch.hard_rows[5] = 1;  // seed 6 takes another's hard pair instead
    batch.hard_rows[5] = 10;
  }
  Values bars;
  const double expected = margin_oracle(batch, scale, nullptr, &bars);
  REQUIRE(expected > 0.01);
  const Leaves leaves = leaves_of(batch, 1);
  const at::Tensor loss = margin_share(batch, leaves, 0, 6, {.scale = scale, .detach_bar = detach});
  CHECK(value(loss) == Approx(expected).epsilon(1e-12));
  loss.backward();
  const auto oracle = [&] { return margin_oracle(batch, scale, detach ? &bars : nullptr); };
  check_gradient(leaves.image_MD, test::central_differences(batch.image, oracle));
  check_gradient(leaves.text_MD, test::central_differences(batch.text, oracle));
}

TEST_CASE("shares of two and three ranks sum to the margin loss of one, gradients too") {
  const std::int64_t ranks = GENERATE(2, 3);
  const bool uneven = GENERATE(false, true);
  const Batch batch = make_batch(22);
  const Leaves whole = leaves_of(batch, 1);
  const at::Tensor expected = margin_share(batch, whole, 0, 6, {});
  expected.backward();
  const Leaves shared = leaves_of(batch, 1);
  at::Tensor sum = at::zeros({}, at::kDouble);
  std::int64_t first = 0;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    // Uneven: the last rank has no seed at all.
    std::int64_t count = 6 / ranks;
    if (uneven) count = rank + 1 == ranks ? 0 : 6 / (ranks - 1);
    sum = sum + margin_share(batch, shared, first, count, {});
    first += count;
  }
  REQUIRE(first == 6);
  sum.backward();
  CHECK(value(sum) == Approx(value(expected)).epsilon(1e-12));
  CHECK(value((whole.image_MD.grad() - shared.image_MD.grad()).abs().max()) < 1e-14);
  CHECK(value((whole.text_MD.grad() - shared.text_MD.grad()).abs().max()) < 1e-14);
}

TEST_CASE("the text to image twin is the margin loss with the modalities exchanged") {
  Batch batch = make_batch(23);
  const Leaves leaves = leaves_of(batch, 1);
  const at::Tensor excluded_SM =
      mask(margin_excluded(batch.identity, batch.seed_rows, batch.hard_rows, 2), batch.rows);
  const at::Tensor loss = hard_negative_margin_loss(
      leaves.text_MD.index_select(0, row_numbers(batch.seed_rows, 1).view({-1})), leaves.image_MD,
      row_numbers(batch.hard_rows, 2), excluded_SM, 6, batch.rows, {});
  std::swap(batch.image, batch.text);
  CHECK(value(loss) == Approx(margin_oracle(batch, 1)).epsilon(1e-12));
}

TEST_CASE("margin loss is zero with zero gradient where every row is excluded") {
  Batch batch = make_batch(24);
  for (RowIdentity& row : batch.identity) row.caption_group = 1;
  const Leaves leaves = leaves_of(batch, 1);
  const at::Tensor loss = margin_share(batch, leaves, 0, 6, {});
  CHECK(value(loss) == 0);
  loss.backward();
  CHECK(value(leaves.image_MD.grad().abs().max()) == 0);
  CHECK(value(leaves.text_MD.grad().abs().max()) == 0);
}

TEST_CASE("margin loss without hard pairs or without seeds is zero and keeps its graph") {
  Batch batch = make_batch(25);
  const Leaves leaves = leaves_of(batch, 1);
  SECTION("no seeds") {
    const at::Tensor loss = margin_share(batch, leaves, 0, 0, {});
    CHECK(value(loss) == 0);
    loss.backward();
  }
  SECTION("no hard pairs") {
    batch.hard_pairs_per_seed = 0;
    batch.hard_rows.clear();
    const at::Tensor excluded_SM =
        mask(margin_excluded(batch.identity, batch.seed_rows, {}, 0), batch.rows);
    const at::Tensor loss =
        hard_negative_margin_loss(leaves.image_MD.narrow(0, 0, 6), leaves.text_MD,
                                  at::zeros({6, 0}, at::kLong), excluded_SM, 6, batch.rows, {});
    CHECK(value(loss) == 0);
    loss.backward();
  }
  CHECK(value(leaves.text_MD.grad().abs().max()) == 0);
}

TEST_CASE("equal copies of a hard pair share the gradient of the bar") {
  // One seed along x, two hard pairs with the same text, one ordinary negative above the bar.
  const Leaves leaves{matrix({1, 0}, 2), matrix({1, 0, 0.2, 0, 0.2, 0, 0.5, 0}, 2), {}};
  const at::Tensor loss = hard_negative_margin_loss(
      leaves.image_MD, leaves.text_MD, row_numbers({1, 2}, 2), mask({1, 1, 1, 0}, 4), 1, 4, {});
  CHECK(value(loss) == Approx(0.3 / 4).epsilon(1e-12));
  loss.backward();
  check_gradient(leaves.text_MD, {0, 0, -0.125, 0, -0.125, 0, 0.25, 0});
}

}  // namespace
}  // namespace helip::loss
