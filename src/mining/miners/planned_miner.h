// A miner and what mining with it was found to take, so that the cheaper of several can be taken.
#pragma once

#include <limits>
#include <memory>
#include <string>

#include "mining/miners/pair_miner.h"

namespace helip::mining {

struct PlannedMiner {
  std::unique_ptr<PairMiner> miner;
  // Products for all targets, preparing included, over those of exact mining; infinite where it
  // misses the recall.
  double share = std::numeric_limits<double>::infinity();
  std::string way = {};  // a line for people
};

}  // namespace helip::mining
