// Waiting for a table that others mine. Torch-free.
#pragma once

#include "comm/group.h"
#include "train/train_callbacks.h"

namespace helip::train {

// All ranks: until the table is there. Rank 0 looks, and says every `patience` seconds that it
// does, so that the others do not take it for dead. False: rank 0 was asked to stop. Throws what
// callbacks.should_stop throws, on all ranks.
bool await_table(comm::Group& ranks, const TrainCallbacks& callbacks, const RemineRequest& request,
                 double patience);

}  // namespace helip::train
