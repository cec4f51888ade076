// A cut of mining's targets as tests want it: ranges of equal size, without pools.
#pragma once

#include "common/index_range.h"
#include "config/run_config.h"

namespace helip::test {

inline std::vector<IndexRange> cut(std::uint64_t pairs, const config::MiningConfig& /*mining*/,
                                   std::uint64_t first, std::uint64_t targets) {
  return cut_range(first, pairs, targets);
}

}  // namespace helip::test
