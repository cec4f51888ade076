// The ranks under test and the device of their tensors.
#pragma once

#include <c10/core/Device.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "comm/group.h"

namespace helip::test {

// Returns HELIP_TEST_DEVICE (cuda:0 on a machine with a GPU), "cpu" where it is not set.
inline std::string device_name() {
  const char* device = std::getenv("HELIP_TEST_DEVICE");
  return device != nullptr ? device : "cpu";
}
inline c10::Device device() { return c10::Device(device_name()); }

// Opens the group of HELIP_TEST_BACKEND: local in builds without MPI, nccl on a GPU. Where it is
// not set, MPI's, under mpirun.
inline std::unique_ptr<comm::Group> open_ranks() {
  const char* backend = std::getenv("HELIP_TEST_BACKEND");
  return comm::open_group(backend != nullptr ? backend : "mpi", device_name(), 60);
}

}  // namespace helip::test
