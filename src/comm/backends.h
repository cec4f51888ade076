// The implementations that open_group chooses from. For each, CMake compiles the .cpp that
// implements it, or one that throws ConfigError.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "comm/group.h"

namespace helip::comm {

std::unique_ptr<Group> open_local();
// Opens the ranks over MPI. Throws ConfigError in builds without MPI (mpi_absent.cpp) or if the
// device is not the CPU, and what MpiWorld's constructor throws.
std::unique_ptr<Group> open_mpi(const std::string& device, double timeout_seconds, int part);
// Opens the ranks over NCCL. Throws ConfigError in builds without CUDA (nccl_absent.cpp) or if the
// device is no GPU of this machine, and what meet_ranks throws.
std::unique_ptr<Group> open_nccl(const std::string& device, double timeout_seconds, int part);

// How the ranks of a launch find each other before they have a group: over MPI
// (rendezvous_mpi.cpp), or in engine-only builds from the environment (rendezvous_environment.cpp):
// HELIP_RANK, HELIP_WORLD_SIZE, HELIP_RENDEZVOUS_FILE.
struct Rendezvous {
  int rank = 0;
  int size = 1;
  bool one_machine = true;
  std::string file;  // of a file store; empty: a TCP store, whose address `tell` passes on
  // Broadcasts rank 0's text; collective; null without MPI.
  std::function<std::string(const std::string&)> tell;
  std::function<void()> abandon;  // as Group::abandon; does nothing without MPI
};
// Returns this rank's place; over MPI a collective on first use. Throws what MpiWorld's constructor
// throws, or without MPI ConfigError for wrong environment variables or a part other than 0.
Rendezvous meet_ranks(double timeout_seconds, int part);

}  // namespace helip::comm
