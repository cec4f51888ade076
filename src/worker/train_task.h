// One training, by the ranks that train.
#pragma once

#include <cstdint>
#include <string>

#include "comm/group.h"
#include "config/run_config.h"
#include "rpc/task_spec.h"
#include "worker/table_requests.h"
#include "worker/task_runner.h"

namespace helip::worker {

struct TrainTask {
  const config::RunConfig& config;
  const rpc::TaskSpec& spec;
  std::string device;
  std::uint32_t local_rank = 0;
  const TableRequests& requests;  // where others mine (remine.workers)
};

// Collective. Throws what training throws.
TaskOutcome run_training(const TrainTask& task, comm::Group& group, const TaskHooks& hooks);

}  // namespace helip::worker
