// A c10d process group over MPI for c10d::Reducer, on the channel of the gradients. Included by
// comm's MPI .cpp files only.
#pragma once

#include <c10/util/intrusive_ptr.h>

#include "comm/mpi_world.h"

namespace c10d {
class ProcessGroup;
}

namespace helip::comm {

// Returns a process group that sums, broadcasts and waits at barriers, for one contiguous CPU
// tensor a call; throws CommError for anything else. `world` must outlive the group.
c10::intrusive_ptr<c10d::ProcessGroup> make_mpi_process_group(MpiWorld& world);

}  // namespace helip::comm
