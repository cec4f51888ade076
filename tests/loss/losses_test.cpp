// Both losses against scalar loops in double, their gradients against central differences of those
// loops, and shares of several ranks against the whole.
#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>

#include "common/rng.h"
#include "loss/batch_masks.h"
#include "loss/clip_loss.h"
#include "loss/hard_negative_margin_loss.h"
#include "support/central_differences.h"

namespace helip::loss {
namespace {

using Values = std::vector<double>;

// A global batch on the CPU. Rows of copies hold features of their own, as under dropout.
struct Batch {
  std::int64_t rows = 0, dim = 0;
  Values image, text;  // [M, D]
  std::vector<RowIdentity> identity;
  std::vector<std::int32_t> seed_rows, hard_rows;
  std::uint32_t hard_pairs_per_seed = 0;

  [[nodiscard]] std::int64_t valid_rows() const {
    return std::count_if(identity.begin(), identity.end(),
                         [](const RowIdentity& row) { return row.sample >= 0; });
  }
};

Values unit_rows(RandomStream& stream, std::int64_t rows, std::int64_t dim) {
  Values values(static_cast<std::size_t>(rows * dim));
  for (std::int64_t i = 0; i < rows; ++i) {
    double square = 0;
    for (std::int64_t e = 0; e < dim; ++e) {
      double& value = values[static_cast<std::size_t>(i * dim + e)];
      value = stream.normal();
      square += value * value;
    }
    for (std::int64_t e = 0; e < dim; ++e) {
      values[static_cast<std::size_t>(i * dim + e)] /= std::sqrt(square);
    }
  }
  return values;
}

// Six seeds with two hard pairs each. Pair 0 is twice a seed's row and once a hard pair of another;
// some rows share an image, some a caption. Every third seed group may be padding.
Batch make_batch(std::uint64_t seed) {
  Batch batch;
  batch.rows = 18;
  batch.dim = 5;
  batch.hard_pairs_per_seed = 2;
  RandomStream stream(seed, "loss_test", {});
  batch.image = unit_rows(stream, batch.rows, batch.dim);
  batch.text = unit_rows(stream, batch.rows, batch.dim);
  for (std::int32_t row = 0; row < batch.rows; ++row) {
    const auto group = static_cast<std::uint32_t>(row);
    batch.identity.push_back({.sample = row, .image_group = group, .caption_group = 100 + group});
    if (row % 3 == 0) {
      batch.seed_rows.push_back(row);
      batch.hard_rows.insert(batch.hard_rows.end(), {row + 1, row + 2});
    }
  }
  batch.identity[9] = batch.identity[0];        // a pair that is a seed twice
  batch.identity[4] = batch.identity[0];        // and hard pair of another seed
  batch.identity[13].image_group = 2;           // the image of a hard pair of seed 0
  batch.identity[16].caption_group = 106;       // the caption of seed 6
  batch.identity[17].caption_group = 100 + 10;  // the caption of a hard pair of seed 9
  return batch;
}

double dot(const Values& a, std::int64_t i, const Values& b, std::int64_t j, std::int64_t dim) {
  double sum = 0;
  for (std::int64_t e = 0; e < dim; ++e) {
    sum += a[static_cast<std::size_t>(i * dim + e)] * b[static_cast<std::size_t>(j * dim + e)];
  }
  return sum;
}

bool same(const RowIdentity& a, const RowIdentity& b) {
  return a.sample == b.sample || a.image_group == b.image_group ||
         a.caption_group == b.caption_group;
}

double clip_oracle(const Batch& batch, double scale, bool mask_duplicates) {
  double loss = 0;
  for (const bool from_image : {true, false}) {
    const Values& anchor = from_image ? batch.image : batch.text;
    const Values& other = from_image ? batch.text : batch.image;
    for (std::int64_t i = 0; i < batch.rows; ++i) {
      const RowIdentity& self = batch.identity[static_cast<std::size_t>(i)];
      if (self.sample < 0) continue;
      double sum = 0;
      for (std::int64_t j = 0; j < batch.rows; ++j) {
        const RowIdentity& column = batch.identity[static_cast<std::size_t>(j)];
        if (column.sample < 0 || (mask_duplicates && i != j && same(self, column))) continue;
        sum += std::exp(scale * dot(anchor, i, other, j, batch.dim));
      }
      loss += std::log(sum) - scale * dot(anchor, i, other, i, batch.dim);
    }
  }
  return loss / (2.0 * static_cast<double>(batch.valid_rows()));
}

// Bars are computed unless `fixed_bars` holds them (the detached bar is a constant).
double margin_oracle(const Batch& batch, double scale, const Values* fixed_bars = nullptr,
                     Values* bars = nullptr) {
  double loss = 0;
  const std::size_t hard = batch.hard_pairs_per_seed;
  for (std::size_t s = 0; s < batch.seed_rows.size(); ++s) {
    const std::int32_t i = batch.seed_rows[s];
    double bar = std::numeric_limits<double>::infinity();
    for (std::size_t p = 0; p < hard; ++p) {
      bar = std::min(
          bar, scale * dot(batch.image, i, batch.text, batch.hard_rows[s * hard + p], batch.dim));
    }
    if (bars != nullptr) bars->push_back(bar);
    if (fixed_bars != nullptr) bar = (*fixed_bars)[s];
    for (std::int64_t j = 0; j < batch.rows; ++j) {
      const RowIdentity& column = batch.identity[static_cast<std::size_t>(j)];
      bool counts =
          column.sample >= 0 && !same(column, batch.identity[static_cast<std::size_t>(i)]);
      for (std::size_t p = 0; p < hard; ++p) {
        const auto member = static_cast<std::size_t>(batch.hard_rows[s * hard + p]);
        counts = counts && !same(column, batch.identity[member]);
      }
      if (counts)
        loss += std::max(0.0, scale * dot(batch.image, i, batch.text, j, batch.dim) - bar);
    }
  }
  return loss /
         (static_cast<double>(batch.seed_rows.size()) * static_cast<double>(batch.valid_rows()));
}

at::Tensor matrix(const Values& values, std::int64_t dim, at::ScalarType dtype = at::kDouble) {
  return at::tensor(values, at::kDouble).view({-1, dim}).to(dtype).detach().requires_grad_(true);
}

at::Tensor mask(const std::vector<std::uint8_t>& bytes, std::int64_t columns) {
  return at::tensor(bytes, at::kByte).view({-1, columns}).to(at::kBool);
}

at::Tensor valid_mask(const Batch& batch) {
  std::vector<std::uint8_t> valid;
  for (const RowIdentity& row : batch.identity) valid.push_back(row.sample >= 0 ? 1 : 0);
  return at::tensor(valid, at::kByte).to(at::kBool);
}

at::Tensor row_numbers(const std::vector<std::int32_t>& rows, std::int64_t columns) {
  return at::tensor(std::vector<std::int64_t>(rows.begin(), rows.end()), at::kLong)
      .view({-1, columns});
}

void check_gradient(const at::Tensor& tensor, const Values& expected) {
  const at::Tensor gradient = tensor.grad().to(at::kDouble).contiguous();
  REQUIRE(gradient.numel() == static_cast<std::int64_t>(expected.size()));
  const double* found = gradient.const_data_ptr<double>();
  for (std::size_t e = 0; e < expected.size(); ++e) {
    INFO("element " << e);
    REQUIRE(found[e] == Approx(expected[e]).margin(2e-8).epsilon(1e-6));
  }
}

double value(const at::Tensor& tensor) { return tensor.item<double>(); }

// Leaves of a whole batch; a rank's local rows are slices of them.
struct Leaves {
  at::Tensor image_MD, text_MD, scale;
};

Leaves leaves_of(const Batch& batch, double scale, at::ScalarType dtype = at::kDouble) {
  return {matrix(batch.image, batch.dim, dtype), matrix(batch.text, batch.dim, dtype),
          at::scalar_tensor(scale, at::kDouble).to(dtype).detach().requires_grad_(true)};
}

at::Tensor clip_share(const Batch& batch, const Leaves& leaves, std::int64_t first,
                      std::int64_t count, bool mask_duplicates, bool mask_padding) {
  const at::Tensor duplicates =
      mask_duplicates ? mask(duplicate_mask(batch.identity, static_cast<std::size_t>(first),
                                            static_cast<std::size_t>(count)),
                             batch.rows)
                      : at::Tensor();
  return clip_loss(leaves.image_MD.narrow(0, first, count), leaves.text_MD.narrow(0, first, count),
                   leaves.image_MD, leaves.text_MD, leaves.scale, first, duplicates,
                   mask_padding ? valid_mask(batch) : at::Tensor());
}

// Seeds [first, first + count).
at::Tensor margin_share(const Batch& batch, const Leaves& leaves, std::int64_t first,
                        std::int64_t count, const MarginOptions& options) {
  const std::int64_t hard = batch.hard_pairs_per_seed;
  const at::Tensor excluded_SM = mask(
      margin_excluded(batch.identity, batch.seed_rows, batch.hard_rows, batch.hard_pairs_per_seed),
      batch.rows);
  const at::Tensor seeds = row_numbers(batch.seed_rows, 1).view({-1}).narrow(0, first, count);
  return hard_negative_margin_loss(leaves.image_MD.index_select(0, seeds), leaves.text_MD,
                                   row_numbers(batch.hard_rows, hard).narrow(0, first, count),
                                   excluded_SM.narrow(0, first, count),
                                   static_cast<std::int64_t>(batch.seed_rows.size()),
                                   batch.valid_rows(), options);
}

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
