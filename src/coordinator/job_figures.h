// What the coordinator knows of a job beside the rows of its ledger: what the stages read out of
// results that are done (StageTasks::learn), and what workers measure.
#pragma once

#include <cstdint>
#include <optional>

#include "coordinator/rate_meter.h"
#include "jobs/task.h"
#include "rpc/scheduler.h"

namespace helip::coordinator {

struct JobFigures {
  std::optional<jobs::CorpusFacts> corpus = {};  // once it is indexed
  std::uint64_t quarantined_so_far = 0;          // pairs, by the ranges of encode that are done
  std::uint64_t quarantined = 0;                 // pairs in all; 0 before encode's merge is done
  // Targets a second of one worker, measured since this coordinator started.
  std::optional<double> mining_rate = {};
  std::optional<rpc::TrainNumbers> train = {};  // newest
  RateMeter rate = RateMeter();                 // of the stage in progress
};

}  // namespace helip::coordinator
