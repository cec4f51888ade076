// Instead of cuda_screen.cu in a build without CUDA.
#include "common/error.h"
#include "mining/cuda/cuda_screen.h"

namespace helip::mining {

CudaDevices cuda_screen_devices() { return {{}, "a build without CUDA", false}; }

std::unique_ptr<ScreenDevice> make_cuda_screen(const MiningData& /*data*/,
                                               const MinerOptions& /*options*/,
                                               const ScreenSizes& /*sizes*/,
                                               const CudaScreenOptions& /*cuda*/) {
  throw ConfigError({.what = "no GPU to mine on",
                     .where = "launcher.device",
                     .expected = "a build with HELIP_WITH_CUDA",
                     .found = "one without"});
}

}  // namespace helip::mining
