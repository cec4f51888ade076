// A miner and its estimated cost, so that the cheapest of several miners can be chosen.
#pragma once

#include <limits>
#include <memory>
#include <string>

#include "mining/miners/pair_miner.h"

namespace helip::mining {

struct PlannedMiner {
  std::unique_ptr<PairMiner> miner;
  // Products for all targets, preparation included, divided by those of exact mining; infinite if
  // the recall is missed or was not measured.
  double share = std::numeric_limits<double>::infinity();
  std::string way = {};  // a description for the log
};

}  // namespace helip::mining
