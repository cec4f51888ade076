#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "mining/cuda/cuda_screen.h"
#include "mining/mining_job.h"

namespace helip::mining {
namespace {

MiningDevice cpu_because(const std::string& reason) {
  log::info("mining on the CPU: " + reason);
  return {};
}

}  // namespace

MiningDevice mining_device(config::DeviceChoice asked, std::uint32_t local_rank,
                           const config::MiningConfig& config) {
  if (asked == config::DeviceChoice::kCpu) return {};
  const bool may_fall = asked == config::DeviceChoice::kAuto;
  const CudaDevices devices = cuda_screen_devices();
  // Nobody expects a GPU of such a build.
  if (may_fall && !devices.built) return {};
  if (config.method != config::MiningMethod::kExact) {
    return cpu_because(cat("mining.method ", config.method, " has no GPU screen"));
  }
  if (may_fall && (config.absolute_margin || config.relative_margin)) {
    return cpu_because("positive-aware margins have no GPU screen");
  }
  if (!devices.usable.empty()) {
    return {cat("cuda:", devices.usable[local_rank % devices.usable.size()]), may_fall};
  }
  if (may_fall) return cpu_because(devices.why_none);
  throw ConfigError({.what = "no GPU to mine on",
                     .where = "launcher.device",
                     .expected = "a CUDA device of compute capability 8.0 or higher, and a build "
                                 "with HELIP_WITH_CUDA",
                     .found = devices.why_none});
}

}  // namespace helip::mining
