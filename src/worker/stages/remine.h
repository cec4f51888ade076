// Mining again in the middle of a training, by the training's ranks: each encodes and mines its
// share of the ranges, rank 0 joins them. The ranks wait for each other's files, not in
// collectives, whose timeout is that of a step.
#pragma once

#include <functional>

#include "comm/group.h"
#include "jobs/task.h"
#include "train/train_job.h"
#include "worker/stages/workbench.h"

namespace helip::worker {

// Mines request.table with the weights of request.checkpoint, as the job's encode and mine stages
// do: the same table to the byte for any number of ranks. Called by all ranks. Returns false if one
// of them was asked to stop, and then there is no table. Works in request.table + ".work", which
// goes when the table is there. Throws what encoding and mining throw.
//
// `training`: the task of the training. `should_stop` returns true if this rank was asked to stop.
bool remine(Workbench& bench, const jobs::Task& training, const train::RemineRequest& request,
            comm::Group& ranks, const std::function<bool()>& should_stop);

}  // namespace helip::worker
