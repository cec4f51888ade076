// A small batch, both losses of it by scalar loops in double, and the shares of a rank.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "common/rng.h"
#include "loss/batch_masks.h"
#include "loss/clip_loss.h"
#include "loss/hard_negative_margin_loss.h"

namespace helip::loss {

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

inline Values unit_rows(RandomStream& stream, std::int64_t rows, std::int64_t dim) {
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
inline Batch make_batch(std::uint64_t seed) {
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

inline double dot(const Values& a, std::int64_t i, const Values& b, std::int64_t j,
                  std::int64_t dim) {
  double sum = 0;
  for (std::int64_t e = 0; e < dim; ++e) {
    sum += a[static_cast<std::size_t>(i * dim + e)] * b[static_cast<std::size_t>(j * dim + e)];
  }
  return sum;
}

inline bool same(const RowIdentity& a, const RowIdentity& b) {
  return a.sample == b.sample || a.image_group == b.image_group ||
         a.caption_group == b.caption_group;
}

inline double clip_oracle(const Batch& batch, double scale, bool mask_duplicates) {
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
inline double margin_oracle(const Batch& batch, double scale, const Values* fixed_bars = nullptr,
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

inline at::Tensor matrix(const Values& values, std::int64_t dim,
                         at::ScalarType dtype = at::kDouble) {
  return at::tensor(values, at::kDouble).view({-1, dim}).to(dtype).detach().requires_grad_(true);
}

inline at::Tensor mask(const std::vector<std::uint8_t>& bytes, std::int64_t columns) {
  return at::tensor(bytes, at::kByte).view({-1, columns}).to(at::kBool);
}

inline at::Tensor valid_mask(const Batch& batch) {
  std::vector<std::uint8_t> valid;
  for (const RowIdentity& row : batch.identity) valid.push_back(row.sample >= 0 ? 1 : 0);
  return at::tensor(valid, at::kByte).to(at::kBool);
}

inline at::Tensor row_numbers(const std::vector<std::int32_t>& rows, std::int64_t columns) {
  return at::tensor(std::vector<std::int64_t>(rows.begin(), rows.end()), at::kLong)
      .view({-1, columns});
}

inline void check_gradient(const at::Tensor& tensor, const Values& expected) {
  const at::Tensor gradient = tensor.grad().to(at::kDouble).contiguous();
  REQUIRE(gradient.numel() == static_cast<std::int64_t>(expected.size()));
  const double* found = gradient.const_data_ptr<double>();
  for (std::size_t e = 0; e < expected.size(); ++e) {
    INFO("element " << e);
    REQUIRE(found[e] == Approx(expected[e]).margin(2e-8).epsilon(1e-6));
  }
}

inline double value(const at::Tensor& tensor) { return tensor.item<double>(); }

// Leaves of a whole batch; a rank's local rows are slices of them.
struct Leaves {
  at::Tensor image_MD, text_MD, scale;
};

inline Leaves leaves_of(const Batch& batch, double scale, at::ScalarType dtype = at::kDouble) {
  return {matrix(batch.image, batch.dim, dtype), matrix(batch.text, batch.dim, dtype),
          at::scalar_tensor(scale, at::kDouble).to(dtype).detach().requires_grad_(true)};
}

inline at::Tensor clip_share(const Batch& batch, const Leaves& leaves, std::int64_t first,
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
inline at::Tensor margin_share(const Batch& batch, const Leaves& leaves, std::int64_t first,
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

}  // namespace helip::loss
