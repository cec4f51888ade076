// The part of a job's page about its hard-pair table.
#pragma once

#include <string>

#include "report/mining_summary.h"
#include "store/hard_pair_table.h"

namespace helip::report {

// Returns the section as HTML: a summary of the table and three histograms.
std::string mining_section(const store::HardPairManifest& table, const MiningSummary& mining);

}  // namespace helip::report
