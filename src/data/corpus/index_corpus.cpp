#include "data/corpus/index_corpus.h"

#include <algorithm>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"
#include "common/threads/ordered_parallel.h"
#include "data/corpus/file_kind.h"
#include "data/corpus/lost_samples.h"
#include "data/corpus/reason_count.h"
#include "data/corpus/shard_index.h"
#include "store/array_files.h"

namespace helip::data {
namespace {

// Indexing is bound by the disk and by SHA-256; more threads than this only make the disk seek.
constexpr unsigned kMaxIndexThreads = 8;

// The deepest folder that holds all shards.
std::filesystem::path common_folder(const std::vector<std::filesystem::path>& shards) {
  std::filesystem::path common = shards.front().parent_path();
  for (const auto& shard : shards) {
    const std::filesystem::path folder = shard.parent_path();
    const auto [stop, unused] =
        std::mismatch(common.begin(), common.end(), folder.begin(), folder.end());
    std::filesystem::path shared;
    for (auto part = common.begin(); part != stop; ++part) shared /= *part;
    common = shared;
  }
  return common;
}

std::string unpaired_lines(const std::vector<QuarantineEntry>& entries) {
  std::string lines;
  for (const QuarantineEntry& entry : entries) {
    OrderedJson line = {{"shard", entry.shard},
                        {"offset", entry.offset},
                        {"key", printable(entry.key)},
                        {"reason", entry.reason}};
    if (entry.samples != 1) line["samples"] = entry.samples;
    lines += line.dump() + "\n";
  }
  return lines;
}

// The scan stops if none of this number of first samples is a usable pair.
constexpr std::uint64_t kFirstSamples = 1000;

void add_reasons(const std::vector<QuarantineEntry>& entries, ReasonCount& reasons) {
  for (const QuarantineEntry& entry : entries) {
    if (entry.samples > 0) reasons[split_reason(entry.reason).kind] += entry.samples;
  }
}

// Stops a scan whose captions or images are looked for in the wrong place.
class CaptionWatch {
 public:
  CaptionWatch(std::string shard, std::string caption_key)
      : shard_(std::move(shard)), caption_key_(std::move(caption_key)) {}

  void add(const ShardIndex& index) {
    if (found_) return;
    samples_ += index.before_first;
    add_reasons(index.unpaired, reasons_);
    for (const auto& [problem, count] : index.caption_problems) reasons_[problem] += count;
    seen_.insert(index.seen.begin(), index.seen.end());
    found_ = index.has_usable;
    if (!found_ && samples_ >= kFirstSamples) fail();
  }
  void finish() const {
    if (!found_ && samples_ > 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    std::string seen;
    for (const std::string& name : seen_) seen += (seen.empty() ? "" : ", ") + name;
    throw DataError(
        {.what = cat("no image with a usable caption in the first ", samples_, " samples"),
         .where = shard_,
         .expected = cat("KEY.{jpg,jpeg,png,webp} with KEY.txt, or the field ", caption_key_,
                         " (corpus.caption_key) of KEY.json"),
         .found = cat(most_frequent(reasons_, 2), "; ", seen)});
  }

  std::string shard_;
  std::string caption_key_;
  std::uint64_t samples_ = 0;
  ReasonCount reasons_;
  std::set<std::string> seen_;
  bool found_ = false;
};

// The damaged rest of a shard, as an entry of CorpusScan::unpaired.
struct DamagedShard {
  std::filesystem::path shard;
  DamagedEnd end;
  std::size_t entry = 0;
};

// What is lost with the damaged rests can be said once all shards are known.
void estimate_lost(const std::vector<DamagedShard>& damaged, const WholeShards& whole,
                   std::vector<QuarantineEntry>& unpaired) {
  for (const DamagedShard& shard : damaged) {
    const LostSamples lost = lost_samples(shard.end, known_samples(shard.shard), whole);
    QuarantineEntry& entry = unpaired[shard.entry];
    entry.samples = lost.samples;
    entry.reason += cat("; ", lost.is_known ? "" : "about ", lost.samples,
                        lost.samples == 1 ? " sample lost" : " samples lost");
  }
}

// A shard without end mark lacks what it is known to have held and does not hold.
void count_lacking(const std::filesystem::path& shard, std::uint64_t groups,
                   QuarantineEntry& entry) {
  const std::uint64_t known = known_samples(shard).value_or(0);
  if (known <= groups) return;
  entry.samples = known - groups;
  entry.reason =
      cat(kCutAtMember, "; ", entry.samples, entry.samples == 1 ? " sample lost" : " samples lost");
}

// Files that are no tars by their first bytes.
class NoTars {
 public:
  void add(const std::filesystem::path& shard, const std::optional<FileKind>& kind) {
    if (kind && count_++ == 0) {
      first_ = shard;
      kind_ = *kind;
    }
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[noreturn]] void fail() const {
    throw DataError({.what = "not a tar",
                     .where = cat(first_.string(), count_ > 1 ? " and others" : ""),
                     .expected = cat("a tar of images and captions; ", kind_.advice),
                     .found = kind_.name});
  }

 private:
  std::uint64_t count_ = 0;
  std::filesystem::path first_;
  FileKind kind_;
};

// Why there is no pair at all. Of `ignored` members, the name of the first.
std::string why_none(const std::vector<QuarantineEntry>& unpaired, std::uint64_t ignored,
                     const std::string& first_ignored) {
  std::string found;
  if (unpaired.size() == 1) found = unpaired.front().reason;
  if (unpaired.size() > 1) {
    ReasonCount reasons;
    add_reasons(unpaired, reasons);
    found = most_frequent(reasons);
  }
  if (ignored > 0) {
    found +=
        cat(found.empty() ? "" : "; ", ignored,
            " members that are hidden or have no extension, as ", shortened(first_ignored, 80));
  }
  return found.empty() ? "folders and devices alone" : found;
}

template <typename T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

CorpusScan scan_shards(const std::vector<std::filesystem::path>& shards,
                       const std::string& caption_key,
                       const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  CorpusScan scan;
  const std::filesystem::path folder = common_folder(shards);
  scan.manifest.shard_folder = folder.string();
  scan.manifest.caption_key = caption_key;
  CaptionWatch captions(shards.front().string(), caption_key);
  std::vector<Digest> image_digests;
  std::vector<Digest> caption_digests;
  std::vector<DamagedShard> damaged;
  WholeShards whole;
  std::uint64_t ignored = 0;
  std::string first_ignored;
  NoTars no_tars;
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxIndexThreads);
  ordered_parallel(
      shards.size(), threads, 2ULL * threads,
      [&](std::uint64_t i) {
        // A later shard may be without captions where an earlier one has them.
        return i == 0 ? index_shard(shards[i], caption_key, kFirstSamples)
                      : index_shard(shards[i], caption_key);
      },
      [&](std::uint64_t i, ShardIndex index) {
        captions.add(index);
        no_tars.add(shards[i], index.other_kind);
        if (ignored == 0) first_ignored = index.first_ignored;
        ignored += index.ignored;
        if (!index.has_end_mark) count_lacking(shards[i], index.groups, index.unpaired.back());
        const std::string name = shards[i].lexically_relative(folder).string();
        scan.manifest.shards.push_back({.name = name,
                                        .bytes = index.bytes,
                                        .sha256 = index.sha256,
                                        .first_sample = scan.locations.size(),
                                        .samples = index.samples.size()});
        for (SampleLocation& location : index.samples)
          location.shard = static_cast<std::uint32_t>(i);
        for (QuarantineEntry& entry : index.unpaired) entry.shard = name;
        append(scan.locations, std::move(index.samples));
        append(image_digests, std::move(index.image_digests));
        append(caption_digests, std::move(index.caption_digests));
        append(scan.unpaired, std::move(index.unpaired));
        scan.manifest.json_captions += index.json_captions;
        scan.manifest.repeated_keys += index.repeated_keys;
        if (index.damaged_end) {
          damaged.push_back({shards[i], *index.damaged_end, scan.unpaired.size() - 1});
        } else {
          ++whole.shards;
          whole.samples += index.groups;
          whole.bytes += index.bytes;
        }
        if (scan.locations.size() >= kNoPair) {
          throw DataError({.what = "too many pairs in one corpus",
                           .where = shards[i].string(),
                           .expected = cat("fewer than ", kNoPair),
                           .found = cat("at least ", scan.locations.size())});
        }
        if (progress) progress(i + 1, shards.size());
      });
  captions.finish();
  if (scan.locations.empty()) {
    if (no_tars.count() == shards.size()) no_tars.fail();
    throw DataError({.what = "no image-text pair in the shards",
                     .where = cat(shards.front().string(), shards.size() > 1 ? " and others" : ""),
                     .expected = "members KEY.{jpg,jpeg,png,webp} with KEY.txt or KEY.json",
                     .found = why_none(scan.unpaired, ignored, first_ignored)});
  }
  scan.manifest.pairs = scan.locations.size();
  estimate_lost(damaged, whole, scan.unpaired);
  scan.manifest.unpaired = static_cast<std::uint64_t>(
      std::count_if(scan.unpaired.begin(), scan.unpaired.end(),
                    [](const QuarantineEntry& entry) { return entry.samples > 0; }));
  scan.manifest.fingerprint = fingerprint_of(scan.manifest.shards);
  scan.image_groups = number_groups(image_digests);
  scan.caption_groups = number_groups(caption_digests);
  return scan;
}

CorpusManifest write_corpus_index(CorpusScan scan, const std::filesystem::path& folder) {
  CorpusManifest& manifest = scan.manifest;
  // The empty last part and parent_path() take off a trailing slash.
  const auto here = (std::filesystem::absolute(folder) / "").lexically_normal().parent_path();
  const auto relative = std::filesystem::path(manifest.shard_folder).lexically_relative(here);
  if (!relative.empty() && *relative.begin() != "..") manifest.shard_folder = relative.string();
  manifest.index_sha256 = write_location_index(folder / store::kIndexFile, scan.locations);
  manifest.image_group_sha256 = write_groups(folder / store::kImageGroupFile, scan.image_groups);
  manifest.caption_group_sha256 =
      write_groups(folder / store::kCaptionGroupFile, scan.caption_groups);
  publish_file(folder / kUnpairedFile, unpaired_lines(scan.unpaired));
  write_manifest(folder / "manifest.json", manifest);
  return manifest;
}

std::vector<std::string> shard_names(const CorpusManifest& manifest) {
  std::vector<std::string> names;
  names.reserve(manifest.shards.size());
  for (const ShardEntry& shard : manifest.shards) names.push_back(shard.name);
  return names;
}

std::vector<std::filesystem::path> shard_paths(const CorpusManifest& manifest,
                                               const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  paths.reserve(manifest.shards.size());
  // An absolute shard_folder replaces `folder`.
  for (const ShardEntry& shard : manifest.shards) {
    paths.push_back((folder / manifest.shard_folder / shard.name).lexically_normal());
  }
  return paths;
}

}  // namespace helip::data
