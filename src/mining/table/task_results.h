// Results of tasks that together cover a corpus.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mining/mining_job.h"

namespace helip::mining {

// The results in the order of their ranges. Throws StoreError naming the first pair that no range
// holds, or the file whose range overlaps. `what` stands for the kind ("mining", "encode").
std::vector<TaskResult> in_order(std::vector<TaskResult> results, std::uint64_t pairs,
                                 const std::string& what);

}  // namespace helip::mining
