// Whether one job is the control of another: the same training but for its hard pairs, with an
// equal budget.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "report/job_record.h"

namespace helip::report {

// Returns what keeps `other` from being the control of `subject`, one sentence a difference, each
// with the name of what differs and both values; empty if it is one. A control trains without hard
// pairs and has the same initial weights, corpus and usable pairs, seeds, pairs and views that
// passed through the model, batch, schedule and every other key of `model`, `train` and `slip`.
// Only train.lr, and keys that are `chosen` for each of the two, may differ: either may have the
// values that suit it.
std::vector<std::string> control_faults(const JobRecord& subject, const JobRecord& other,
                                        const std::set<std::string>& chosen = {});

}  // namespace helip::report
