// This process's part in MPI: it is initialised once, and has a communicator for each channel. Only
// MPI .cpp files include this (it names no MPI type).
#pragma once

namespace helip::comm {

// The MPI communicator of a channel with this process's place in it; lives as long as the process.
struct MpiChannel;

// Before anything else: ranks of equal number are a world of their own. Collective over all parts
// at first; throws CommError as mpi_channel does, and if it was another number before.
void mpi_choose_part(int part);

// Initialises MPI once per process and gives the channels (0: gathers, 1: gradients, 2: roll
// calls). Throws CommError if MPI gives less than MPI_THREAD_MULTIPLE. Collective on first use.
const MpiChannel& mpi_channel(int index);
int mpi_rank(const MpiChannel& channel);
int mpi_size(const MpiChannel& channel);
int mpi_local_rank();
int mpi_local_size();
void mpi_leave_out_finalize();

}  // namespace helip::comm
