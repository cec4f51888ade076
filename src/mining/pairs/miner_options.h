// The options that all miners share.
#pragma once

#include <cstdint>
#include <string>

#include "mining/pairs/pair_filters.h"
#include "mining/pairs/pair_score.h"

namespace helip::mining {

struct MinerOptions {
  ScoreRules rules;
  PairFilters filters = {};
  std::uint32_t k = 50;
  // The most pairs of one caption group in a row (docs/equations.md); 0: any number. Needs the
  // groups of MiningData.
  std::uint32_t per_group = 0;
  std::uint32_t threads = 1;
  // Instruction set of the screen: a name of int8_kernels(), or "auto". The result does not depend
  // on it.
  std::string instruction_set = "auto";
};

}  // namespace helip::mining
