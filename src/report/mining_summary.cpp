#include "report/mining_summary.h"

#include <algorithm>

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
    const auto partners = table.partners(target);
    if (!table.suitable(target) || partners.front() == kNoPair) continue;
    // Filters and caps may leave slots of a suitable target empty.
    const auto filled = std::find(partners.begin(), partners.end(), kNoPair) - partners.begin();
    const auto scores = table.scores(target).first(static_cast<std::size_t>(filled));
    out.hardest_scores.push_back(static_cast<double>(scores.front()));
    out.weakest_scores.push_back(static_cast<double>(scores.back()));
  }
  return out;
}

}  // namespace helip::report
