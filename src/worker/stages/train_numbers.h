// What a training tells of itself, as the coordinator takes it.
#pragma once

#include <cstdint>

#include "rpc/scheduler.h"
#include "train/train_job.h"

namespace helip::worker {

// Returns the progress of the training with this seed.
rpc::TrainNumbers numbers_of(const train::TrainProgress& now, std::uint64_t seed);

}  // namespace helip::worker
