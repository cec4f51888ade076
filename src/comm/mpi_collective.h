// Collectives as state machines over non-blocking MPI calls. Only MPI .cpp files include this (it
// names no MPI type).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "comm/mpi_session.h"
#include "comm/ordered_sum.h"

namespace helip::comm {

// One collective of one channel. start() posts its first messages; advance() tests them and posts
// the next ones. Both throw CommError if MPI reports an error, or for a message longer than INT_MAX
// bytes. Used by the communication thread alone.
class MpiCollective {
 public:
  virtual ~MpiCollective() = default;
  virtual void start() = 0;
  // Returns true when the collective is complete on this rank.
  virtual bool advance() = 0;
  // Returns a name for messages: "all-gather of 4096 bytes". Equal on all ranks for one collective.
  [[nodiscard]] virtual std::string name() const = 0;
};

// Return a collective that is not started. Arguments as in MpiWorld; the memory must stay until it
// is complete.
std::unique_ptr<MpiCollective> make_all_gather(const MpiChannel& channel, const void* mine,
                                               std::size_t bytes, void* all);
std::unique_ptr<MpiCollective> make_all_reduce(const MpiChannel& channel, Number number, void* data,
                                               std::size_t count);
std::unique_ptr<MpiCollective> make_reduce_scatter(const MpiChannel& channel, Number number,
                                                   const void* global, std::size_t count,
                                                   void* mine);
std::unique_ptr<MpiCollective> make_broadcast(const MpiChannel& channel, void* data,
                                              std::size_t bytes, int root);
std::unique_ptr<MpiCollective> make_barrier(const MpiChannel& channel);
// Returns `inner` behind a check: before it starts, the ranks compare its name and `sequence`. If
// they differ, advance() throws CommError on all ranks.
std::unique_ptr<MpiCollective> make_order_check(const MpiChannel& channel, std::uint64_t sequence,
                                                std::unique_ptr<MpiCollective> inner);

}  // namespace helip::comm
