// The group under test: MPI under mpirun; HELIP_TEST_BACKEND=local in builds without MPI.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "comm/group.h"

namespace helip::test {

inline std::unique_ptr<comm::Group> open_ranks() {
  const char* backend = std::getenv("HELIP_TEST_BACKEND");
  return comm::open_group(backend != nullptr ? backend : "mpi", "cpu", 60);
}

}  // namespace helip::test
