// MPI in this process: it is initialised once, and has a communicator for each channel. Only MPI
// .cpp files include this (it names no MPI type).
#pragma once

namespace helip::comm {

// The MPI communicator of a channel with this process's place in it; lives as long as the process.
struct MpiChannel;

// Chooses the part of this process: ranks with equal parts are a world of their own. To be called
// before the functions below. Collective over all parts the first time. Throws CommError as
// mpi_channel does, and if this process chose another part before.
void mpi_choose_part(int part);

// Returns a channel (0: gathers, 1: gradients, 2: questions of find_stragglers.h). Initialises MPI
// on first use, which is collective. Throws CommError if MPI gives less than MPI_THREAD_MULTIPLE.
const MpiChannel& mpi_channel(int index);
int mpi_rank(const MpiChannel& channel);
int mpi_size(const MpiChannel& channel);
// Return the position among the ranks of this machine and part, and their number.
int mpi_local_rank();
int mpi_local_size();
// Makes this process exit without MPI_Finalize (MpiWorld::abandon).
void mpi_leave_out_finalize();

}  // namespace helip::comm
