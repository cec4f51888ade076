// Mining again in the middle of a training, by the training's ranks: each encodes and mines its
// share of the ranges, rank 0 joins them. The ranks wait for each other's files, not in
// collectives, whose timeout is that of a step.
#pragma once

#include <functional>
#include <string>

#include "comm/group.h"
#include "config/run_config.h"
#include "rpc/task_spec.h"
#include "train/train_job.h"

namespace helip::worker {

struct RemineOptions {
  config::RunConfig config;
  rpc::TaskSpec training;  // its corpus, quarantine, feature cache
  std::uint32_t local_rank = 0;
  std::string device;  // that encodes
  std::function<bool()> should_stop;
};

// Mines request.table with the weights of request.checkpoint, as the job's encode and mine stages
// do: the same table to the byte for any number of ranks. Called by all ranks; false if one of them
// was asked to stop, and then there is no table. Works in request.table + ".work", which goes when
// the table is there. Throws what encoding and mining throw.
bool remine(const RemineOptions& options, const train::RemineRequest& request, comm::Group& ranks);

}  // namespace helip::worker
