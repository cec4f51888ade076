// The screen device of CUDA GPUs. Without CUDA headers; a build without CUDA has no device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mining/screen/screen_device.h"

namespace helip::mining {

struct CudaScreenOptions {
  int device = 0;
  // Bytes of device memory to use; 0: nine tenths of what is free. Candidates that do not fit are
  // streamed in blocks.
  std::uint64_t memory = 0;
};

// GPUs of compute capability 8.0 or higher.
struct CudaDevices {
  std::vector<int> usable;  // CUDA's numbers, ascending
  std::string why_none;     // where there is none
  bool built = true;        // with CUDA
};

// Where CUDA fails to say, that is logged as a warning and there is none.
CudaDevices cuda_screen_devices();

// Throws ConfigError naming launcher.device where the device is not among these, and Error if the
// memory does not hold even one tile.
std::unique_ptr<ScreenDevice> make_cuda_screen(const MiningData& data, const MinerOptions& options,
                                               const ScreenSizes& sizes,
                                               const CudaScreenOptions& cuda);

}  // namespace helip::mining
