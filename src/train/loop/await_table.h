// Waiting for a hard-pair table that other workers mine. Torch-free.
#pragma once

#include "comm/group.h"
#include "train/train_callbacks.h"

namespace helip::train {

// Blocks until the requested table exists; a collective. Rank 0 asks callbacks.table_is_there, and
// tells the other ranks every `patience` seconds that it still waits, so that their collective does
// not time out. Then each rank waits at most `patience` seconds until its machine sees the folder.
// Returns false if rank 0 was asked to stop. Throws on all ranks what callbacks.should_stop throws.
bool await_table(comm::Group& ranks, const TrainCallbacks& callbacks, const RemineRequest& request,
                 double patience);

}  // namespace helip::train
