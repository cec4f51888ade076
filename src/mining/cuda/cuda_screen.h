// The screen device of CUDA GPUs. Includes no header of CUDA; a build without CUDA has no device.
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
  std::string why_none;     // the reason if no device is usable
  bool built = true;        // false for a build without CUDA
};

// Returns the usable GPUs. A GPU is not usable if CUDA fails to describe it; none is if CUDA fails
// to count them. Either is logged as a warning.
CudaDevices cuda_screen_devices();

// Opens a GPU and copies the candidates to it if they fit. `data` must outlive the screen. Throws
// ConfigError naming launcher.device if the device is not among cuda_screen_devices(), and Error if
// CUDA fails or the memory does not hold two tiles and a few hundred candidates.
std::unique_ptr<ScreenDevice> make_cuda_screen(const MiningData& data, const MinerOptions& options,
                                               const ScreenSizes& sizes,
                                               const CudaScreenOptions& cuda);

}  // namespace helip::mining
