#include "data/corpus/reason_count.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "common/error.h"
#include "common/json.h"
#include "common/path_kind.h"
#include "common/percent.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/corpus/manifest.h"

namespace helip::data {
namespace {

// How many samples an entry stands for: 1 where it does not say.
std::optional<std::uint64_t> samples_of(const Json& entry) {
  const auto samples = entry.find("samples");
  if (samples == entry.end()) return 1;
  if (!samples->is_number_unsigned()) return std::nullopt;
  return samples->get<std::uint64_t>();
}

struct Entry {
  std::string reason;  // without what is particular to the sample
  std::uint64_t samples = 1;
};

std::vector<Entry> read_entries(const std::filesystem::path& file) {
  std::vector<Entry> entries;
  std::istringstream lines(read_text_file(file));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto entry = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto reason = entry.is_object() ? entry.find("reason") : entry.end();
    const auto samples = entry.is_object() ? samples_of(entry) : std::nullopt;
    if (!samples || reason == entry.end() || !reason->is_string()) {
      throw StoreError({.what = "damaged list of unusable samples",
                        .where = cat(file.string(), ":", number),
                        .expected = "a JSON object with a reason and a number of samples or none"});
    }
    const auto text = reason->get<std::string>();
    entries.push_back({text.substr(0, text.find(';')), *samples});
  }
  return entries;
}

}  // namespace

std::uint64_t total_of(const ReasonCount& reasons) {
  return std::accumulate(
      reasons.begin(), reasons.end(), std::uint64_t{0},
      [](std::uint64_t total, const auto& reason) { return total + reason.second; });
}

ReasonCount count_reasons(const std::filesystem::path& file) {
  ReasonCount reasons;
  for (const Entry& entry : read_entries(file)) {
    if (entry.samples > 0) reasons[entry.reason] += entry.samples;
  }
  return reasons;
}

ReasonCount count_notes(const std::filesystem::path& file) {
  ReasonCount reasons;
  for (const Entry& entry : read_entries(file)) {
    if (entry.samples == 0) ++reasons[entry.reason];
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

std::vector<std::filesystem::path> left_out_lists(const std::filesystem::path& corpus) {
  std::vector<std::filesystem::path> lists = {corpus / kUnpairedFile};
  if (is_file(corpus.parent_path() / kImportStampFile)) lists.push_back(corpus / kImportReportFile);
  return lists;
}

void refuse_too_many(std::uint64_t pairs, double limit, const std::filesystem::path& corpus,
                     const std::filesystem::path& quarantine) {
  ReasonCount reasons;
  std::string files;
  for (const auto& list : left_out_lists(corpus)) {
    for (const auto& [reason, count] : count_reasons(list)) reasons[reason] += count;
    files += cat(files.empty() ? "" : ", ", list.string());
  }
  const std::uint64_t samples = pairs + total_of(reasons);
  if (!quarantine.empty()) {
    for (const auto& [reason, count] : count_reasons(quarantine)) reasons[reason] += count;
    files = cat(quarantine.string(), ", ", files);
  }
  const std::uint64_t unusable = total_of(reasons);
  const double share = static_cast<double>(unusable) / static_cast<double>(samples);
  if (share <= limit) return;
  throw DataError({.what = "too many samples of the corpus are unusable",
                   .where = files,
                   .expected = cat("at most ", percent(limit), " (corpus.max_quarantined)"),
                   .found = cat(unusable, " of ", samples, ", ", percent(share), ": ",
                                most_frequent(reasons))});
}

}  // namespace helip::data
