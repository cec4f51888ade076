// How many pairs encode could not use, counted while it works.
#pragma once

#include <cstdint>

#include "coordinator/task_ledger.h"
#include "jobs/task.h"

namespace helip::coordinator {

// Returns how many pairs a done range of encode quarantined. Returns 0 for other tasks.
std::uint64_t quarantined_in(const TaskRecord& record);

// Returns how many pairs are quarantined in all; 0 before encode's merge is done.
std::uint64_t quarantined_pairs(const TaskLedger& ledger);

// Throws DataError if `quarantined` is more than `limit`, a share of all pairs.
void expect_usable(std::uint64_t quarantined, const jobs::CorpusFacts& corpus, double limit);

}  // namespace helip::coordinator
