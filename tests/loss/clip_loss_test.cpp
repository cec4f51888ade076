// The CLIP loss against scalar loops in double, its gradient against central differences of those
// loops, and shares of several ranks against the whole.
#include "loss/clip_loss.h"

#include <ATen/ops/zeros.h>

#include <catch2/catch.hpp>

#include "loss_batch.h"
#include "support/central_differences.h"

namespace helip::loss {
namespace {

TEST_CASE("CLIP loss of two orthogonal pairs is known in closed form") {
  Batch batch;
  batch.rows = batch.dim = 2;
  batch.image = batch.text = {1, 0, 0, 1};
  const Leaves leaves = leaves_of(batch, 2);
  const at::Tensor loss = clip_loss(leaves.image_MD, leaves.text_MD, leaves.image_MD,
                                    leaves.text_MD, leaves.scale, 0, {}, {});
  CHECK(value(loss) == Approx(std::log1p(std::exp(-2.0))).epsilon(1e-14));
}

TEST_CASE("CLIP loss and gradients equal scalar loops and central differences") {
  const bool mask_duplicates = GENERATE(false, true);
  const bool padded = GENERATE(false, true);
  Batch batch = make_batch(11);
  if (padded) {
    for (const std::size_t row : {3U, 12U, 13U, 14U}) batch.identity[row].sample = -1;
  }
  double scale = 7.5;
  const Leaves leaves = leaves_of(batch, scale);
  const at::Tensor loss = clip_share(batch, leaves, 0, batch.rows, mask_duplicates, padded);
  CHECK(value(loss) == Approx(clip_oracle(batch, scale, mask_duplicates)).epsilon(1e-12));
  loss.backward();
  const auto oracle = [&] { return clip_oracle(batch, scale, mask_duplicates); };
  check_gradient(leaves.image_MD, test::central_differences(batch.image, oracle));
  check_gradient(leaves.text_MD, test::central_differences(batch.text, oracle));
  Values scale_value = {scale};
  check_gradient(leaves.scale, test::central_differences(scale_value, [&] {
                   return clip_oracle(batch, scale_value[0], mask_duplicates);
                 }));
}

TEST_CASE("masking duplicates and padding changes the CLIP loss") {
  Batch batch = make_batch(11);
  CHECK(std::abs(clip_oracle(batch, 7.5, true) - clip_oracle(batch, 7.5, false)) > 1e-3);
}

TEST_CASE("CLIP loss in float32 and bfloat16 stays near the oracle") {
  const Batch batch = make_batch(12);
  const double expected = clip_oracle(batch, 20, true);
  const Leaves single = leaves_of(batch, 20, at::kFloat);
  CHECK(value(clip_share(batch, single, 0, batch.rows, true, false)) ==
        Approx(expected).epsilon(1e-5));
  const Leaves narrow = leaves_of(batch, 20, at::kBFloat16);
  const at::Tensor loss = clip_share(batch, narrow, 0, batch.rows, true, false);
  CHECK(loss.scalar_type() == at::kFloat);
  CHECK(value(loss) == Approx(expected).epsilon(2e-2));
}

TEST_CASE("CLIP loss is zero with zero gradient where every other row is a duplicate") {
  Batch batch = make_batch(13);
  for (RowIdentity& row : batch.identity) row.image_group = 1;
  const Leaves leaves = leaves_of(batch, 30);
  const at::Tensor loss = clip_share(batch, leaves, 0, batch.rows, true, false);
  CHECK(value(loss) == Approx(0).margin(1e-12));
  loss.backward();
  CHECK(value(leaves.image_MD.grad().abs().max()) < 1e-12);
  CHECK(value(leaves.scale.grad().abs().max()) < 1e-12);
}

TEST_CASE("padded rows with zero features give finite gradients that are zero") {
  Batch batch = make_batch(14);
  for (const std::size_t row : {15U, 16U, 17U}) {
    batch.identity[row].sample = -1;
    for (std::size_t e = 0; e < 5; ++e) batch.image[row * 5 + e] = batch.text[row * 5 + e] = 0;
  }
  const Leaves leaves = leaves_of(batch, 50);
  const at::Tensor loss = clip_share(batch, leaves, 0, batch.rows, true, true);
  CHECK(value(loss) == Approx(clip_oracle(batch, 50, true)).epsilon(1e-12));
  loss.backward();
  CHECK(value(leaves.image_MD.grad().narrow(0, 15, 3).abs().max()) == 0);
  CHECK(std::isfinite(value(leaves.text_MD.grad().abs().sum())));
}

TEST_CASE("shares of two and three ranks sum to the CLIP loss of one, gradients too") {
  const std::int64_t ranks = GENERATE(2, 3);
  const Batch batch = make_batch(15);
  const Leaves whole = leaves_of(batch, 9);
  const at::Tensor expected = clip_share(batch, whole, 0, batch.rows, true, false);
  expected.backward();

  const Leaves shared = leaves_of(batch, 9);
  at::Tensor sum = at::zeros({}, at::kDouble);
  std::int64_t first = 0;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const std::int64_t seeds = 6 / ranks + (rank < 6 % ranks ? 1 : 0);
    sum = sum + clip_share(batch, shared, first, seeds * 3, true, false);
    first += seeds * 3;
  }
  REQUIRE(first == batch.rows);
  sum.backward();
  CHECK(value(sum) == Approx(value(expected)).epsilon(1e-12));
  for (const auto& [a, b] :
       {std::pair{whole.image_MD, shared.image_MD}, std::pair{whole.text_MD, shared.text_MD},
        std::pair{whole.scale, shared.scale}}) {
    CHECK(value((a.grad() - b.grad()).abs().max()) < 1e-13);
  }
}

// The same batch as one rank would hold it, with padding rows between the ranks' parts.
Batch with_padding(const Batch& batch, std::int64_t after, std::int64_t padding) {
  Batch padded = batch;
  padded.rows += padding;
  padded.identity.insert(padded.identity.begin() + after, static_cast<std::size_t>(padding), {});
  for (Values* values : {&padded.image, &padded.text}) {
    values->insert(values->begin() + after * batch.dim,
                   static_cast<std::size_t>(padding * batch.dim), 0.0);
  }
  for (std::vector<std::int32_t>* rows : {&padded.seed_rows, &padded.hard_rows}) {
    for (std::int32_t& row : *rows) row += row >= after ? static_cast<std::int32_t>(padding) : 0;
  }
  return padded;
}

TEST_CASE("padding between ranks changes neither loss") {
  const Batch batch = make_batch(16);
  const Batch padded = with_padding(batch, 9, 4);
  const Leaves leaves = leaves_of(padded, 9);
  const at::Tensor clip =
      clip_share(padded, leaves, 0, 13, true, true) + clip_share(padded, leaves, 13, 9, true, true);
  CHECK(value(clip) == Approx(clip_oracle(batch, 9, true)).epsilon(1e-12));
  const at::Tensor margin =
      margin_share(padded, leaves, 0, 3, {}) + margin_share(padded, leaves, 3, 3, {});
  CHECK(value(margin) == Approx(margin_oracle(batch, 1)).epsilon(1e-12));
}

}  // namespace
}  // namespace helip::loss
