// What a training tells of itself, as the coordinator takes it.
#pragma once

#include <cstdint>

#include "rpc/scheduler.h"
#include "train/train_job.h"

namespace helip::worker {

rpc::TrainNumbers numbers_of(const train::TrainProgress& now, std::uint64_t seed);

}  // namespace helip::worker
