// The results that a merge task reads.
#pragma once

#include <vector>

#include "jobs/task.h"
#include "jobs/work_dir.h"
#include "mining/mining_job.h"

namespace helip::worker {

// Returns the list that the coordinator wrote for this merge task, each file compared with its
// digest. Throws StoreError naming the file that is damaged.
std::vector<jobs::MergeInput> read_merge_inputs(const jobs::WorkDir& work_dir,
                                                const jobs::Task& merge);

// Returns the same as mining's ranges.
std::vector<mining::TaskResult> range_results(const jobs::WorkDir& work_dir,
                                              const jobs::Task& merge);

}  // namespace helip::worker
