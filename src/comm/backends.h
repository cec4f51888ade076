// How open_group finds its implementations. CMake chooses, for each, the .cpp that does it or the
// one that says why not.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "comm/group.h"

namespace helip::comm {

std::unique_ptr<Group> open_local();
// Throws ConfigError in builds without MPI (mpi_absent.cpp) or if the device is not the CPU.
std::unique_ptr<Group> open_mpi(const std::string& device, double timeout_seconds, int part);
// Throws ConfigError in builds without CUDA (nccl_absent.cpp) or if the device is not a GPU.
std::unique_ptr<Group> open_nccl(const std::string& device, double timeout_seconds, int part);

// How the ranks of a launch find each other before they have a group: over MPI
// (rendezvous_mpi.cpp), or in engine-only builds from the environment (rendezvous_environment.cpp):
// HELIP_RANK, HELIP_WORLD_SIZE, HELIP_RENDEZVOUS_FILE.
struct Rendezvous {
  int rank = 0;
  int size = 1;
  bool one_machine = true;
  std::string file;  // of a file store; empty: a TCP store, whose address rank 0 tells the others
  std::function<std::string(const std::string&)>
      tell;                       // text of rank 0 to all; collective; null with a file
  std::function<void()> abandon;  // as Collectives::abandon
};
Rendezvous meet_ranks(double timeout_seconds, int part);

}  // namespace helip::comm
