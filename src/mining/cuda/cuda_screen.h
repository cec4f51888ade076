// The screen device of CUDA GPUs. Without CUDA headers; a build without CUDA has no device.
#pragma once

#include <cstdint>
#include <memory>

#include "mining/screen_device.h"

namespace helip::mining {

struct CudaScreenOptions {
  int device = 0;
  // Bytes of device memory to use; 0: nine tenths of what is free. Candidates that do not fit are
  // streamed in blocks.
  std::uint64_t memory = 0;
};

// GPUs that this build can use: 0 without CUDA, driver or device.
int cuda_screen_devices();

// Throws ConfigError naming launcher.device where there is no such device, or one below compute
// capability 8.0, and Error if the memory does not hold even one tile.
std::unique_ptr<ScreenDevice> make_cuda_screen(const MiningData& data, const MinerOptions& options,
                                               const ScreenSizes& sizes,
                                               const CudaScreenOptions& cuda);

}  // namespace helip::mining
