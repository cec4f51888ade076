// The ranks of one launch, torch-free: what the worker needs to hold a training group together.
#pragma once

#include <memory>
#include <string>

namespace helip::comm {

class Group {
 public:
  virtual ~Group() = default;
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  // Text of rank 0 to all; collective.
  virtual std::string broadcast_text(const std::string& text) = 0;
  virtual void barrier() = 0;
  // This rank failed and will take part in nothing more: lets the launcher see it at once, instead
  // of leaving the others to their timeout. Not a collective.
  virtual void abandon() {}
};

// backend: "local" (one rank, no MPI), "mpi" (CPU), "nccl" (GPU; its rendezvous goes over MPI).
// With mpi, MPI_Init_thread is called once per process with MPI_THREAD_MULTIPLE; less is refused
// with CommError. A collective that takes longer than the timeout logs, with mpi also for
// which ranks it waits, and ends the process with exit code 75. Ranks that give the same `part`
// are a group of their own; the launch's ranks all open one, with the same part every time.
std::unique_ptr<Group> open_group(const std::string& backend, const std::string& device,
                                  double timeout_seconds, int part = 0);

// Version of the NCCL library in use ("2.30.7"); empty in builds without NCCL.
std::string nccl_version();

}  // namespace helip::comm
