// Results of tasks that together cover a corpus.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mining/mining_job.h"

namespace helip::mining {

// Returns the results in the order of their ranges. `what` names the kind of task in messages:
// "mining" or "encode". Throws StoreError naming the first pair that no range holds, the file whose
// range overlaps, or the end of ranges that go beyond `pairs`.
std::vector<TaskResult> in_order(std::vector<TaskResult> results, std::uint64_t pairs,
                                 const std::string& what);

}  // namespace helip::mining
