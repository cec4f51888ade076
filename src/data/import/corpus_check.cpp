#include "data/import/corpus_check.h"

#include <algorithm>
#include <optional>
#include <span>
#include <unordered_map>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"
#include "common/threads/ordered_parallel.h"
#include "data/corpus/corpus.h"
#include "data/corpus/index_corpus.h"
#include "data/image/image.h"
#include "data/import/import_image.h"
#include "data/text/clean_text.h"
#include "data/text/mojibake.h"
#include "data/text/unicode_text.h"
#include "data/tokens/tokenizer.h"
#include "store/array_files.h"

namespace helip::data {
namespace {

constexpr std::size_t kMostRepeated = 5;
constexpr std::size_t kMostMojibake = 5;

// What the shards hold now against what the manifest and the index say.
std::vector<std::string> compare(const CorpusScan& scan, const Corpus& corpus,
                                 const LocationIndex& index) {
  std::vector<std::string> damage;
  const CorpusManifest& manifest = corpus.manifest();
  for (std::size_t i = 0; i < manifest.shards.size(); ++i) {
    const ShardEntry& stored = manifest.shards[i];
    const ShardEntry& found = scan.manifest.shards[i];
    if (stored.sha256 != found.sha256) {
      damage.push_back(to_line({.what = "a shard's bytes changed",
                                .where = stored.name,
                                .expected = "sha256 " + stored.sha256,
                                .found = found.sha256}));
    }
  }
  if (scan.locations.size() != manifest.pairs) {
    damage.push_back(to_line({.what = "the shards hold another number of pairs",
                              .expected = cat(manifest.pairs),
                              .found = cat(scan.locations.size())}));
    return damage;
  }
  const auto report = [&](const char* file, std::uint64_t sample) {
    damage.push_back(to_line({.what = "the index does not follow from the shards",
                              .where = cat(file, ": sample ", sample)}));
  };
  const auto groups = [&](const char* file, std::span<const std::uint32_t> stored,
                          const std::vector<std::uint32_t>& found) {
    const auto [at, unused] =
        std::mismatch(stored.begin(), stored.end(), found.begin(), found.end());
    if (at != stored.end()) report(file, static_cast<std::uint64_t>(at - stored.begin()));
  };
  for (std::uint64_t i = 0; i < manifest.pairs; ++i) {
    if (index.at(i) == scan.locations[static_cast<std::size_t>(i)]) continue;
    report(store::kIndexFile, i);
    break;
  }
  groups(store::kImageGroupFile, corpus.image_groups(), scan.image_groups);
  groups(store::kCaptionGroupFile, corpus.caption_groups(), scan.caption_groups);
  return damage;
}

struct GroupSizes {
  std::vector<std::uint64_t> members;  // by group number
  std::vector<std::uint64_t> first;    // first sample of each
  std::uint64_t groups = 0;
  std::uint64_t duplicates = 0;
};

GroupSizes sizes_of(std::span<const std::uint32_t> groups) {
  GroupSizes sizes;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    // Numbers appear in ascending order of first members.
    if (groups[i] == sizes.members.size()) {
      sizes.members.push_back(0);
      sizes.first.push_back(i);
    }
    ++sizes.members.at(groups[i]);
  }
  for (const std::uint64_t members : sizes.members) {
    if (members < 2) continue;
    ++sizes.groups;
    sizes.duplicates += members;
  }
  return sizes;
}

void count_duplicates(const Corpus& corpus, CheckReport& report) {
  const GroupSizes images = sizes_of(corpus.image_groups());
  report.image_duplicate_groups = images.groups;
  report.image_duplicates = images.duplicates;
  const GroupSizes captions = sizes_of(corpus.caption_groups());
  report.caption_duplicate_groups = captions.groups;
  report.caption_duplicates = captions.duplicates;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < captions.members.size(); ++i) {
    if (captions.members[i] > 1) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return captions.members[a] > captions.members[b];
  });
  order.resize(std::min(order.size(), kMostRepeated));
  for (const std::size_t group : order) {
    report.repeated_captions.emplace_back(corpus.load(SampleId{captions.first[group]}).caption,
                                          captions.members[group]);
  }
}

struct SampleCheck {
  QuarantineEntry entry;
  std::string kind;                     // empty: usable
  std::string defect;                   // of a usable image
  std::optional<std::string> mojibake;  // the caption, if it looks like mojibake after its cleaning
};

SampleCheck check_sample(const Corpus& corpus, std::uint64_t id, const CheckRules& rules) {
  const Sample sample = corpus.load(SampleId{id});
  SampleCheck result{{.sample = id,
                      .shard = sample.shard,
                      .offset = sample.offset,
                      .key = sample.key,
                      .reason = {}},
                     {},
                     {},
                     {}};
  if (looks_like_mojibake(decode_utf8(clean_text(sample.caption))))
    result.mojibake = sample.caption;
  try {
    const double began = thread_seconds();
    result.defect = decode_stored(sample.image, rules.limits).defect.kind;
    const double took = thread_seconds() - began;
    result.kind = split_reason(sample.caption_problem).kind;
    result.entry.reason = sample.caption_problem;
    if (took > rules.max_decode_seconds) {
      result.kind = kSlowImage;
      result.entry.reason = cat(kSlowImage, "; took ", decimal(took, 1), " s of one core");
    }
  } catch (const DataError& error) {
    result.kind = "the image cannot be decoded";
    result.entry.reason = error.what();
  }
  return result;
}

}  // namespace

CheckReport check_corpus(const std::filesystem::path& folder, const CheckRules& rules,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const Corpus corpus = Corpus::open(folder, rules.limits.max_bytes);
  CheckReport report;
  report.manifest = corpus.manifest();
  CorpusScan scan;
  try {
    scan = scan_shards(shard_paths(corpus.manifest(), folder), corpus.manifest().caption_key, {});
  } catch (const DataError& error) {
    // A shard that cannot be read, or no pair in any: there are no samples to judge.
    report.damage.emplace_back(error.what());
    return report;
  }
  report.damage =
      compare(scan, corpus, LocationIndex::open(folder / store::kIndexFile, corpus.manifest()));
  if (!report.damage.empty()) return report;
  for (const QuarantineEntry& entry : scan.unpaired)
    // A repeated key loses no sample, so its entry counts as one.
    report.problems[split_reason(entry.reason).kind] += std::max<std::uint64_t>(entry.samples, 1);
  ordered_parallel(
      corpus.size(), rules.threads, 8ULL * rules.threads,
      [&](std::uint64_t id) { return check_sample(corpus, id, rules); },
      [&](std::uint64_t id, SampleCheck sample) {
        if (!sample.kind.empty()) {
          ++report.problems[sample.kind];
          report.unusable.push_back(std::move(sample.entry));
        } else if (!sample.defect.empty()) {
          ++report.defects[sample.defect];
        }
        if (sample.mojibake) {
          ++report.mojibake;
          if (report.mojibake_examples.size() < kMostMojibake)
            report.mojibake_examples.emplace_back(id, *std::move(sample.mojibake));
        }
        if (progress) progress(id + 1, corpus.size());
      });
  count_duplicates(corpus, report);
  return report;
}

}  // namespace helip::data
