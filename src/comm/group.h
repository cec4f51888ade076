// The ranks of one launch, torch-free: all that a worker needs of its training group.
#pragma once

#include <memory>
#include <string>

namespace helip::comm {

class Group {
 public:
  virtual ~Group() = default;
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  // Returns the text of rank 0 on all ranks; a collective.
  virtual std::string broadcast_text(const std::string& text) = 0;
  virtual void barrier() = 0;
  // Notes that this rank failed and takes part in nothing more. With MPI the launcher then sees the
  // failure when this process exits, and the other ranks need not wait for their timeout. Does
  // nothing without MPI. Not a collective.
  virtual void abandon() {}
};

// Opens the group of this launch's ranks. backend: "local" (one rank, no MPI), "mpi" (CPU), "nccl"
// (GPU; the ranks find each other over MPI, in engine-only builds by environment variables). MPI is
// initialised once per process with MPI_THREAD_MULTIPLE. A collective between ranks that takes
// longer than the timeout logs a line, with mpi also naming the ranks it waits for, and ends the
// process with exit code 75. Ranks that give the same `part` are a group of their own; all ranks of
// the launch open one, each with the same part every time. Throws ConfigError for an unknown
// backend, one that this build lacks, a device that does not fit it, or a timeout that is not
// positive; CommError if MPI gives less than MPI_THREAD_MULTIPLE or this process has a group over
// MPI already.
std::unique_ptr<Group> open_group(const std::string& backend, const std::string& device,
                                  double timeout_seconds, int part = 0);

// Returns the version of the NCCL library in use ("2.30.7"), "unknown" if NCCL does not give it;
// empty in builds without NCCL.
std::string nccl_version();

}  // namespace helip::comm
