// Estimates the memory that a worker needs to mine, from the sizes of the structures of mining/
// alone.
#pragma once

#include <cstdint>

#include "cli/preflight/model_plan.h"
#include "config/run_config.h"

namespace helip::cli {

// Bytes on the CPU. Not included: what threads hold while they search (some MiB each, up to a
// hundred with an index), and the block of candidates (2^17 rows) over which a sample is mined to
// measure the recall.
struct MineMemory {
  double rows = 0;    // 8-bit copies of all embeddings, row by row
  double panels = 0;  // 8-bit copies of the candidates, packed for the kernels
  // Norms, sums, scales, errors, duplicate groups, quarantine, and the index's lists and PCA
  // vectors.
  double numbers = 0;
  double task = 0;    // hard pairs of the largest task
  double mapped = 0;  // files of the embeddings, in the page cache, which the system can drop
  double held = 0;    // what the system cannot drop: all but `mapped` and what is in mining.scratch
};

// Returns the memory for `pairs` pairs. `workers` (launcher.workers) bounds the largest task.
MineMemory mine_memory(std::uint64_t pairs, const EmbeddingWidths& widths,
                       const config::MiningConfig& config, std::uint32_t workers);

}  // namespace helip::cli
