#include "mining/table/table_compare.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"

namespace helip::mining {
namespace {

using store::HardPairTable;

void require_same_corpus(const HardPairTable& truth, const HardPairTable& found) {
  const std::string& first = truth.manifest().corpus_fingerprint;
  const std::string& second = found.manifest().corpus_fingerprint;
  if (truth.size() == found.size() && (first.empty() || second.empty() || first == second)) return;
  const auto corpus_of = [](const HardPairTable& table) {
    const std::string& fingerprint = table.manifest().corpus_fingerprint;
    return cat(table.size(), " pairs, fingerprint ", fingerprint.empty() ? "none" : fingerprint);
  };
  throw DataError({.what = "the hard-pair tables are of different corpora",
                   .where = found.folder().string(),
                   .expected = cat(corpus_of(truth), ", as in ", truth.folder().string()),
                   .found = corpus_of(found)});
}

bool comparable_scores(const store::HardPairManifest& a, const store::HardPairManifest& b) {
  return a.embeddings_digest == b.embeddings_digest &&
         a.corpus_fingerprint == b.corpus_fingerprint && a.metric == b.metric &&
         a.image_floor == b.image_floor && a.text_floor == b.text_floor &&
         a.duplicate_ceiling == b.duplicate_ceiling;
}

// The filled ones among the first k slots of a row.
std::span<const std::uint32_t> filled(const HardPairTable& table, SampleId target,
                                      std::uint32_t k) {
  const auto row = table.partners(target).first(k);
  return row.first(
      static_cast<std::size_t>(std::find(row.begin(), row.end(), kNoPair) - row.begin()));
}

}  // namespace

TableComparison compare_tables(const HardPairTable& truth, const HardPairTable& found) {
  require_same_corpus(truth, found);
  TableComparison result;
  result.targets = truth.size();
  result.k = std::min(truth.k(), found.k());
  result.comparable_scores = comparable_scores(truth.manifest(), found.manifest());
  double jaccard = 0;
  std::vector<std::uint32_t> true_ids;
  for (std::uint64_t i = 0; i < truth.size(); ++i) {
    const SampleId target{i};
    const auto expected = filled(truth, target, result.k);
    const auto ids = filled(found, target, result.k);
    result.identical +=
        std::equal(expected.begin(), expected.end(), ids.begin(), ids.end()) ? 1 : 0;
    if (expected.empty() && ids.empty()) {
      ++result.both_empty;
      continue;
    }
    true_ids.assign(expected.begin(), expected.end());
    std::sort(true_ids.begin(), true_ids.end());
    std::uint64_t common = 0;
    std::uint64_t hits = 0;
    for (std::size_t slot = 0; slot < ids.size(); ++slot) {
      const bool known = std::binary_search(true_ids.begin(), true_ids.end(), ids[slot]);
      const bool tied = result.comparable_scores && !expected.empty() &&
                        found.scores(target)[slot] >= truth.scores(target)[expected.size() - 1];
      common += known ? 1 : 0;
      hits += known || tied ? 1 : 0;
    }
    result.truth_slots += expected.size();
    result.hits += std::min<std::uint64_t>(hits, expected.size());
    jaccard +=
        static_cast<double>(common) / static_cast<double>(expected.size() + ids.size() - common);
  }
  if (result.truth_slots > 0) {
    result.recall = static_cast<double>(result.hits) / static_cast<double>(result.truth_slots);
  }
  if (result.targets > result.both_empty) {
    result.mean_jaccard = jaccard / static_cast<double>(result.targets - result.both_empty);
  }
  return result;
}

}  // namespace helip::mining
