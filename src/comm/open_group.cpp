#include "comm/backends.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::comm {

std::unique_ptr<Group> open_group(const std::string& backend, const std::string& device,
                                  double timeout_seconds, int part) {
  if (!(timeout_seconds > 0)) {
    throw ConfigError({.what = "the timeout of collectives is out of range",
                       .where = "train.collective_timeout_seconds",
                       .expected = "more than 0",
                       .found = cat(timeout_seconds)});
  }
  if (backend == "local") return open_local();
  if (backend == "mpi") return open_mpi(device, timeout_seconds, part);
  if (backend == "nccl") return open_nccl(device, timeout_seconds, part);
  throw ConfigError({.what = "unknown communication backend",
                     .where = "comm::open_group",
                     .expected = "local, mpi or nccl",
                     .found = backend});
}

}  // namespace helip::comm
