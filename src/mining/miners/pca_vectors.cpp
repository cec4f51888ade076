#include "mining/miners/pca_vectors.h"

#include <algorithm>
#include <span>
#include <vector>

#include "mining/kernels/parallel.h"
#include "mining/miners/joint_rows.h"
#include "mining/miners/pca.h"

namespace helip::mining {
namespace {

// [pairs, dims]; adds to `compared` what it takes.
std::vector<float> shortened(const MiningData& data, const MinerOptions& options,
                             std::uint32_t dims, std::uint64_t seed, std::uint64_t& compared) {
  constexpr std::uint64_t kPairsAtOnce = 64;
  const JointRows joint(data, options.rules.metric);
  const std::size_t width = joint.width();
  const std::uint64_t pairs = data.pairs();
  const Directions directions = pca(joint, pairs, dims, seed, options.threads);
  compared += directions.compared + pairs * dims;
  std::vector<float> out(pairs * dims);
  for_each_index((pairs + kPairsAtOnce - 1) / kPairsAtOnce, options.threads,
                 [&](std::uint64_t block) {
                   const std::uint64_t first = block * kPairsAtOnce;
                   const std::uint64_t count = std::min(kPairsAtOnce, pairs - first);
                   std::vector<float> rows(count * width);
                   for (std::uint64_t i = 0; i < count; ++i) {
                     joint.read(first + i, std::span(rows).subspan(i * width, width));
                   }
                   row_products(rows, directions.rows, width,
                                std::span(out).subspan(first * dims, count * dims));
                 });
  return out;
}

}  // namespace

PcaVectors::PcaVectors(const MiningData& data, const MinerOptions& options, std::uint32_t dims,
                       std::uint64_t seed)
    : threads_(options.threads),
      instruction_set_(options.instruction_set),
      full_dims_(joint_dims(data, options.rules.metric)),
      dims_(std::min(dims, full_dims_)),
      data_{EmbeddingMatrix(shortened(data, options, dims_, seed, compared_), dims_),
            EmbeddingMatrix(std::vector<float>(data.pairs(), 1.0F), 1),
            data.image_group,
            data.caption_group,
            data.quarantined,
            data.scratch} {}

MinerOptions PcaVectors::options(std::uint32_t kept) const {
  constexpr double kNoCeiling = 2;
  return {.rules = {.duplicate_ceiling = kNoCeiling, .metric = Metric::kImage},
          .k = kept,
          .threads = threads_,
          .instruction_set = instruction_set_};
}

std::uint64_t PcaVectors::in_full_pairs(std::uint64_t short_pairs) const {
  return static_cast<std::uint64_t>(static_cast<double>(short_pairs) * dims_ / full_dims_);
}

std::uint32_t joint_dims(const MiningData& data, Metric metric) {
  return JointRows(data, metric).dim();
}

}  // namespace helip::mining
