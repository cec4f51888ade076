#include "report/mining_summary.h"

#include <algorithm>
#include <cmath>

#include "common/ids.h"

namespace helip::report {
namespace {

double skewness_of(const std::vector<std::uint64_t>& values) {
  if (values.empty()) return 0;
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const std::uint64_t value : values) mean += static_cast<double>(value);
  mean /= count;
  double second = 0, third = 0;
  for (const std::uint64_t value : values) {
    const double apart = static_cast<double>(value) - mean;
    second += apart * apart;
    third += apart * apart * apart;
  }
  second /= count;
  return second == 0 ? 0 : third / count / std::pow(second, 1.5);
}

}  // namespace

MiningSummary summarise(const store::HardPairTable& table) {
  MiningSummary out;
  out.pairs = table.size();
  out.occurrence.resize(table.size());
  for (std::uint64_t row = 0; row < table.size(); ++row) {
    const SampleId target{row};
    for (const std::uint32_t partner : table.partners(target)) {
      if (partner != kNoPair) ++out.occurrence[partner];
    }
    if (!table.suitable(target)) continue;
    ++out.suitable;
    const auto scores = table.scores(target);
    out.hardest_scores.push_back(static_cast<double>(scores.front()));
    out.weakest_scores.push_back(static_cast<double>(scores.back()));
  }
  for (const std::uint64_t count : out.occurrence) {
    if (count == 0) ++out.never_chosen;
    out.most_chosen = std::max(out.most_chosen, count);
  }
  out.skewness = skewness_of(out.occurrence);
  return out;
}

}  // namespace helip::report
