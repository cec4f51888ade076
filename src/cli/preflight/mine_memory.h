// What a worker needs to mine, from the sizes of the structures of mining/ alone.
#pragma once

#include <cstdint>

#include "cli/preflight/model_plan.h"
#include "config/run_config.h"

namespace helip::cli {

// Bytes, on the CPU. Without what threads hold while they search, some MiB each and with an index
// up to a hundred, and the block of candidates (2^17 rows) that a sample is mined over for the
// recall.
struct MineMemory {
  double rows = 0;    // 8-bit copies of all embeddings, row by row
  double panels = 0;  // 8-bit copies of the candidates, packed for the kernels
  // Norms, sums, scales, errors, duplicate groups, quarantine, the index's lists and short vectors.
  double numbers = 0;
  double task = 0;    // hard pairs of the largest task
  double mapped = 0;  // files of the embeddings: in the page cache, which can give them up
  double held = 0;  // what cannot be given up: all but the files, and but what is in mining.scratch
};

// `workers`: launcher.workers, by which the largest task is bounded. Throws ConfigError as
// mining::check_mining.
MineMemory mine_memory(std::uint64_t pairs, const EmbeddingWidths& widths,
                       const config::MiningConfig& config, std::uint32_t workers);

}  // namespace helip::cli
