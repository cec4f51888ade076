#include "data/reason_count.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <utility>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::data {
namespace {

std::uint64_t sum(const ReasonCount& reasons) {
  return std::accumulate(
      reasons.begin(), reasons.end(), std::uint64_t{0},
      [](std::uint64_t total, const auto& reason) { return total + reason.second; });
}

}  // namespace

ReasonCount count_reasons(const std::filesystem::path& file) {
  ReasonCount reasons;
  std::istringstream lines(read_text_file(file));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto reason = entry.is_object() ? entry.find("reason") : entry.end();
    if (reason == entry.end() || !reason->is_string()) {
      throw StoreError({.what = "damaged list of unusable samples",
                        .where = cat(file.string(), ":", number),
                        .expected = "a JSON object with a reason"});
    }
    const auto text = reason->get<std::string>();
    ++reasons[text.substr(0, text.find(';'))];
  }
  return reasons;
}

std::string most_frequent(const ReasonCount& reasons, std::size_t most) {
  std::vector<std::pair<std::string, std::uint64_t>> ranked(reasons.begin(), reasons.end());
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (std::size_t i = 0; i < std::min(most, ranked.size()); ++i) {
    text += cat(i == 0 ? "" : ", ", ranked[i].second, " × ", ranked[i].first);
  }
  return text;
}

std::string percent(double share) { return cat(std::round(share * 1e4) / 1e2, " %"); }

void refuse_too_many(std::uint64_t pairs, double limit, const std::filesystem::path& unpaired,
                     const std::filesystem::path& quarantine) {
  ReasonCount reasons = count_reasons(unpaired);
  const std::uint64_t samples = pairs + sum(reasons);
  std::string files = unpaired.string();
  if (!quarantine.empty()) {
    for (const auto& [reason, count] : count_reasons(quarantine)) reasons[reason] += count;
    files = cat(quarantine.string(), ", ", files);
  }
  const std::uint64_t unusable = sum(reasons);
  const double share = static_cast<double>(unusable) / static_cast<double>(samples);
  if (share <= limit) return;
  throw DataError({.what = "too many samples of the corpus are unusable",
                   .where = files,
                   .expected = cat("at most ", percent(limit), " (corpus.max_quarantined)"),
                   .found = cat(unusable, " of ", samples, ", ", percent(share), ": ",
                                most_frequent(reasons))});
}

}  // namespace helip::data
