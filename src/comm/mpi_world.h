// MPI as this project uses it, torch-free: one communication thread per process runs all
// collectives with non-blocking calls, testing them with a sleeping back-off, so that a waiting
// rank leaves its core to the ranks that compute.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "comm/ordered_sum.h"

namespace helip::comm {

// Two communicators, each with its own order of collectives: the averaging of gradients and the
// backward pass of the gather run side by side, and which of them comes first may differ between
// ranks.
enum class Channel { kGathers, kGradients };

class MpiWorld {
 public:
  struct Options {
    double timeout_seconds = 60;  // from the start of a collective on this rank
    // Compares before each collective what the ranks are about to run; a difference is a CommError
    // on all of them instead of a hang. open_mpi sets it in debug builds.
    bool check_order = false;
    // Ranks with equal parts are a world of their own.
    int part = 0;
  };
  // Called once, with the error or null, on the communication thread; must not block.
  using Completion = std::function<void(std::exception_ptr)>;

  // Initialises MPI in this process if need be, with MPI_THREAD_MULTIPLE, and starts the
  // communication thread. Collective the first time. Throws CommError if MPI gives less, if this
  // process has an MpiWorld already, or if it had one of another part before.
  explicit MpiWorld(const Options& options);
  // Waits for the collectives that were started.
  ~MpiWorld();
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  [[nodiscard]] int rank() const;
  [[nodiscard]] int size() const;
  // Returns the position among the ranks of this machine.
  [[nodiscard]] int local_rank() const;
  [[nodiscard]] int local_size() const;

  // The collectives return at once; their memory must stay as it is until `done` is called. Sums
  // run in rank order.

  // Gathers `bytes` bytes of each rank, in rank order, into `all` [size · bytes].
  void all_gather(Channel channel, const void* mine, std::size_t bytes, void* all, Completion done);
  // Replaces `data` [count] by its sum over ranks.
  void all_reduce_sum(Channel channel, Number number, void* data, std::size_t count,
                      Completion done);
  // Sums `global` [size · count] over ranks and writes this rank's part of the sum to `mine`
  // [count].
  void reduce_scatter_sum(Channel channel, Number number, const void* global, std::size_t count,
                          void* mine, Completion done);
  void broadcast(Channel channel, void* data, std::size_t bytes, int root, Completion done);
  void barrier(Channel channel, Completion done);

  // Returns the text of rank 0 on all ranks; blocks.
  std::string broadcast_text(const std::string& text);
  // Makes this process exit without MPI_Finalize, which would wait for peers that are inside a
  // collective. mpirun then sees the failure and ends the other ranks.
  static void abandon();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Starts one collective and blocks until it ends. Throws its error, if any:
//   run_and_wait([&](auto done) { world.barrier(channel, std::move(done)); });
void run_and_wait(const std::function<void(MpiWorld::Completion)>& start);

}  // namespace helip::comm
