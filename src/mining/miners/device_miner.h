// Exact mining (HPM) whose screen runs on a device.
#pragma once

#include <memory>

#include "mining/miners/pair_miner.h"
#include "mining/screen/screen_device.h"

namespace helip::mining {

// Returns a miner whose rows are those of make_exact_miner, to the bit. The device must be made for
// the same data and options. `data` must outlive the miner. Throws ConfigError if margins are set.
std::unique_ptr<PairMiner> make_device_miner(const MiningData& data, const MinerOptions& options,
                                             std::unique_ptr<ScreenDevice> device);

}  // namespace helip::mining
