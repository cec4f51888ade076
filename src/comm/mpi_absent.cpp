#include "comm/backends.h"
#include "common/error.h"

namespace helip::comm {

std::unique_ptr<Group> open_mpi(const std::string& /*device*/, double /*timeout_seconds*/,
                                int /*part*/) {
  throw ConfigError({.what = "this build has no MPI",
                     .where = "communication backend mpi",
                     .expected = "local (or nccl in a build with CUDA)",
                     .found = "a build with HELIP_ENGINE_ONLY=ON"});
}

}  // namespace helip::comm
