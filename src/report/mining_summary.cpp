#include "report/mining_summary.h"

#include "common/ids.h"

namespace helip::report {

MiningSummary summarise(const store::HardPairTable& table) {
  MiningSummary out;
  out.stats = mining::table_stats(table);
  out.occurrence.resize(table.size());
  for (std::uint64_t row = 0; row < table.size(); ++row) {
    const SampleId target{row};
    for (const std::uint32_t partner : table.partners(target)) {
      if (partner != kNoPair) ++out.occurrence[partner];
    }
    if (!table.suitable(target)) continue;
    const auto scores = table.scores(target);
    out.hardest_scores.push_back(static_cast<double>(scores.front()));
    out.weakest_scores.push_back(static_cast<double>(scores.back()));
  }
  return out;
}

}  // namespace helip::report
