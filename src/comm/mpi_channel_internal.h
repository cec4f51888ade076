// A channel, and errors from MPI's codes. For MPI .cpp files alone.
#pragma once

#include <mpi.h>

namespace helip::comm {

struct MpiChannel {
  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0;
  int size = 1;
};

// Throws CommError with MPI's own text unless `code`, which `call` returned, is MPI_SUCCESS.
void check_mpi(int code, const char* call);

}  // namespace helip::comm
