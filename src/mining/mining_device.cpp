#include "common/error.h"
#include "common/text.h"
#include "mining/cuda/cuda_screen.h"
#include "mining/mining_job.h"

namespace helip::mining {

std::string mining_device(const std::string& asked, std::uint32_t local_rank,
                          const config::MiningConfig& config) {
  const bool margins = config.absolute_margin || config.relative_margin;
  if (asked == "cpu" || config.method != "exact" || (asked == "auto" && margins)) return "cpu";
  const int devices = cuda_screen_devices();
  if (devices > 0) return cat("cuda:", local_rank % static_cast<std::uint32_t>(devices));
  if (asked == "auto") return "cpu";
  throw ConfigError({.what = "no GPU to mine on",
                     .where = "launcher.device",
                     .expected = "a CUDA device, and a build with HELIP_WITH_CUDA",
                     .found = "none"});
}

}  // namespace helip::mining
