#include "cli/preflight/mine_memory.h"

#include <algorithm>
#include <cmath>

#include "mining/kernels/int8_kernels.h"
#include "mining/mining_job.h"

namespace helip::cli {
namespace {

constexpr double kNumber = 4;  // bytes of a float32, an int32, an id
constexpr double kSquaredNorm = 8;

double width_of_rows(std::uint64_t dim) {
  return static_cast<double>((dim + mining::kInt8Padding - 1) / mining::kInt8Padding *
                             mining::kInt8Padding);
}

// Rows in the panels of all lists, of which the last of each is half full on average.
double packed_rows(std::uint64_t pairs, const config::MiningConfig& config) {
  const auto all = static_cast<double>(pairs);
  if (config.method == config::MiningMethod::kFast)
    return std::min(all, static_cast<double>(config.pool_size));
  if (config.method != config::MiningMethod::kIndex) return all;
  const double lists =
      config.index_lists > 0 ? static_cast<double>(config.index_lists) : 2 * std::sqrt(all);
  return all + std::min(lists, all) * static_cast<double>(mining::kPanelRows) / 2;
}

// What an index that may shorten vectors holds of a pair beside its lists, where 64 dimensions do:
// float32 values, rows and panels of them and of the texts that stand beside them, and for both
// what else is held of a row, a packed row, its groups and quarantine.
double pca_vectors(const config::MiningConfig& config) {
  constexpr double kDims = 64;
  const bool told_lists =
      config.index == config::IndexWay::kLists || config.index_lists > 0 || config.index_probes > 0;
  if (config.method != config::MiningMethod::kIndex || told_lists) return 0;
  return (kDims + 1) * kNumber + 2 * 2 * width_of_rows(1) + 2 * (kSquaredNorm + 6 * kNumber) + 1;
}

// Tasks grow to task_seconds, but there stay four for each worker.
double largest_task(std::uint64_t pairs, const config::MiningConfig& config,
                    std::uint32_t workers) {
  std::uint64_t targets = config.task_targets;
  if (config.task_seconds > 0) {
    targets = std::max<std::uint64_t>(targets, pairs / (4 * std::uint64_t{std::max(1U, workers)}));
  }
  return static_cast<double>(std::min(targets, pairs));
}

}  // namespace

MineMemory mine_memory(std::uint64_t pairs, const EmbeddingWidths& widths,
                       const config::MiningConfig& config, std::uint32_t workers) {
  const auto n = static_cast<double>(pairs);
  const double packed = packed_rows(pairs, config);
  MineMemory memory;
  for (const std::uint64_t dim : {widths.image, widths.text}) {
    memory.rows += n * width_of_rows(dim);
    memory.panels += packed * width_of_rows(dim);
    // A row has a norm, sum, scale, error and duplicate group; a packed row has a scale and error.
    memory.numbers += n * (kSquaredNorm + 4 * kNumber) + packed * 2 * kNumber;
    memory.mapped += n * kNumber * static_cast<double>(dim);
  }
  memory.numbers += n;  // quarantine
  memory.numbers += n * pca_vectors(config);
  if (config.method == config::MiningMethod::kIndex)
    memory.numbers += 2 * n * kNumber;  // lists' members, and back
  // Ids and scores, and how many slots are filled.
  const double slots = mining::mined_per_target(pairs, config);
  memory.task = largest_task(pairs, config, workers) * (2 * slots + 1) * kNumber;
  memory.held = memory.numbers + memory.task;
  if (config.scratch.empty()) memory.held += memory.rows + memory.panels;
  return memory;
}

}  // namespace helip::cli
