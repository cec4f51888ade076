#include "comm/backends.h"
#include "common/error.h"

namespace helip::comm {

std::unique_ptr<Group> open_nccl(const std::string& device, double /*timeout_seconds*/,
                                 int /*part*/) {
  throw ConfigError({.what = "this build has no NCCL",
                     .where = "communication backend nccl for device " + device,
                     .expected = "a build with HELIP_WITH_CUDA=ON (preset gpu)",
                     .found = "a build for the CPU"});
}

std::string nccl_version() { return {}; }

}  // namespace helip::comm
