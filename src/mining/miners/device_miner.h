// HPM whose screen runs on a device.
#pragma once

#include <memory>

#include "mining/miners/pair_miner.h"
#include "mining/screen/screen_device.h"

namespace helip::mining {

// The rows of make_exact_miner, to the bit. `data` must outlive the miner; the device is made for
// the same data and options. Throws ConfigError if margins are asked for.
std::unique_ptr<PairMiner> make_device_miner(const MiningData& data, const MinerOptions& options,
                                             std::unique_ptr<ScreenDevice> device);

}  // namespace helip::mining
