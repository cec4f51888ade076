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

// Two communicators, each with its own order of collectives: backward runs gradient buckets and the
// gather's own backward side by side, and which comes first may differ between ranks.
enum class Channel { kGathers, kGradients };

class MpiWorld {
 public:
  struct Options {
    double timeout_seconds = 60;  // from the start of a collective on this rank
    // Before each collective the ranks compare what they are about to run; a difference is a
    // CommError on all of them (instead of a hang). On in debug builds.
    bool check_order = false;
    // Ranks of equal number are a world of their own.
    int part = 0;
  };
  // Called once with what went wrong, or null, on the communication thread; must not block.
  using Completion = std::function<void(std::exception_ptr)>;

  // Initialises MPI in this process if need be, with MPI_THREAD_MULTIPLE; throws CommError if MPI
  // gives less, or if there is an MpiWorld already. Collective.
  explicit MpiWorld(const Options& options);
  ~MpiWorld();
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  [[nodiscard]] int rank() const;
  [[nodiscard]] int size() const;
  // Position among the ranks of this machine.
  [[nodiscard]] int local_rank() const;
  [[nodiscard]] int local_size() const;

  // Collectives: they return at once; the memory must stay as it is until `done`. Sums run in rank
  // order. `bytes` of each rank, in rank order, into `all` [size · bytes].
  void all_gather(Channel channel, const void* mine, std::size_t bytes, void* all, Completion done);
  // Sums `data` [count] over ranks, in place.
  void all_reduce_sum(Channel channel, Number number, void* data, std::size_t count,
                      Completion done);
  // Sums `global` [size · count] over ranks; `mine` [count] is this rank's part of the sum.
  void reduce_scatter_sum(Channel channel, Number number, const void* global, std::size_t count,
                          void* mine, Completion done);
  void broadcast(Channel channel, void* data, std::size_t bytes, int root, Completion done);
  void barrier(Channel channel, Completion done);

  // Text of rank 0 to all; waits.
  std::string broadcast_text(const std::string& text);
  // This process gave up: MPI_Finalize would wait for peers that are inside a collective, so it is
  // left out at exit, by which mpirun sees the failure and ends the others.
  static void abandon();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Starts one collective and waits for it. Throws what it ended with:
//   run_and_wait([&](auto done) { world.barrier(channel, std::move(done)); });
void run_and_wait(const std::function<void(MpiWorld::Completion)>& start);

}  // namespace helip::comm
