#include "train/input/ssl_views.h"

#include <algorithm>

namespace helip::train {
namespace {

// Rows of the plan that have views, those of one rank.
std::vector<std::int64_t> viewed_rows(const BatchPlan& plan, const RankRows& part, bool all_rows) {
  std::vector<std::int64_t> rows;
  if (all_rows) {
    for (std::int64_t i = 0; i < part.count; ++i) rows.push_back(part.first + i);
    return rows;
  }
  for (const std::int32_t row : plan.viewed_rows) {
    if (row >= part.first && row < part.first + part.count) rows.push_back(row);
  }
  return rows;
}

}  // namespace

SslViews cut_views(const BatchPlan& plan, int rank, int world_size,
                   std::span<const std::uint32_t> image_groups, bool mask_duplicates,
                   bool all_rows) {
  std::vector<std::vector<std::int64_t>> of_ranks;
  std::size_t longest = 0;
  for (int r = 0; r < world_size; ++r) {
    of_ranks.push_back(viewed_rows(plan, rows_of_rank(plan, r, world_size), all_rows));
    longest = std::max(longest, of_ranks.back().size());
  }
  SslViews views;
  std::vector<std::int64_t> counted;  // rows of the plan, [V]
  for (std::size_t r = 0; r < of_ranks.size(); ++r) {
    for (std::size_t i = 0; i < of_ranks[r].size(); ++i) {
      views.gathered.push_back(static_cast<std::int64_t>(r * longest + i));
      counted.push_back(of_ranks[r][i]);
    }
  }
  for (int r = 0; r < rank; ++r) {
    views.first += static_cast<std::int64_t>(of_ranks[static_cast<std::size_t>(r)].size());
  }
  const std::vector<std::int64_t>& own = of_ranks[static_cast<std::size_t>(rank)];
  views.own = static_cast<std::int64_t>(own.size());
  const std::int64_t first_row = rows_of_rank(plan, rank, world_size).first;
  for (const std::int64_t row : own) views.rows.push_back(row - first_row);
  views.rows.resize(longest, 0);

  const auto same_image = [&](std::int64_t a, std::int64_t b) {
    const SampleId x = plan.ids[static_cast<std::size_t>(a)];
    const SampleId y = plan.ids[static_cast<std::size_t>(b)];
    return x == y || (mask_duplicates && image_groups[to_index(x)] == image_groups[to_index(y)]);
  };
  for (const std::int64_t row : own) {
    for (const std::int64_t other : counted) {
      views.duplicate.push_back(row != other && same_image(row, other) ? 1 : 0);
    }
  }
  return views;
}

}  // namespace helip::train
