// Collectives as state machines over non-blocking MPI calls. Only MPI .cpp files include this (it
// names no MPI type).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "comm/ordered_sum.h"

namespace helip::comm {

// One collective of one channel. start() posts its first messages; advance() tests them and posts
// the next ones. Both throw CommError if MPI reports an error. Used by the communication thread
// alone.
class MpiCollective {
 public:
  virtual ~MpiCollective() = default;
  virtual void start() = 0;
  // True when the collective is complete on this rank.
  virtual bool advance() = 0;
  // For messages: "all-gather of 4096 bytes". Equal on all ranks for one collective.
  [[nodiscard]] virtual std::string name() const = 0;
};

// The MPI communicator of a channel with this process's place in it; lives as long as the process.
struct MpiChannel;

std::unique_ptr<MpiCollective> make_all_gather(const MpiChannel& lane, const void* mine,
                                               std::size_t bytes, void* all);
std::unique_ptr<MpiCollective> make_all_reduce(const MpiChannel& lane, Number number, void* data,
                                               std::size_t count);
std::unique_ptr<MpiCollective> make_reduce_scatter(const MpiChannel& lane, Number number,
                                                   const void* global, std::size_t count,
                                                   void* mine);
std::unique_ptr<MpiCollective> make_broadcast(const MpiChannel& lane, void* data, std::size_t bytes,
                                              int root);
std::unique_ptr<MpiCollective> make_barrier(const MpiChannel& lane);
// Compares `text` over the ranks before `inner` starts; CommError on all ranks if it differs.
std::unique_ptr<MpiCollective> make_order_check(const MpiChannel& lane, std::uint64_t sequence,
                                                std::unique_ptr<MpiCollective> inner);

// Before anything else: ranks of equal number are a world of their own. Collective over all parts
// at first; throws CommError as mpi_channel does, and if it was another number before.
void mpi_choose_part(int part);

// Initialises MPI once per process and gives the lanes (0: gathers, 1: gradients, 2: roll calls).
// Throws CommError if MPI gives less than MPI_THREAD_MULTIPLE. Collective on first use.
const MpiChannel& mpi_channel(int index);
int mpi_rank(const MpiChannel& lane);
int mpi_size(const MpiChannel& lane);
int mpi_local_rank();
int mpi_local_size();
void mpi_leave_out_finalize();

}  // namespace helip::comm
