// `helip data check`: reads a corpus whole and says what is wrong with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/corpus/manifest.h"
#include "data/corpus/quarantine.h"
#include "data/image/decode_limits.h"
#include "data/import/import_image.h"

namespace helip::data {

struct CheckReport {
  CorpusManifest manifest;
  // One line for each shard that changed or cannot be read, and for an index or groups that do not
  // fit the shards: the corpus must not be used.
  std::vector<std::string> damage;
  // Samples that a job would put into quarantine, in the order of their ids; `reason` may hold a
  // decoder's message.
  std::vector<QuarantineEntry> unusable;
  // By kind: of unusable samples and of what is no pair.
  std::map<std::string, std::uint64_t> problems;
  std::map<std::string, std::uint64_t> defects;  // by kind: of images that are used
  std::uint64_t image_duplicate_groups = 0;      // groups with more than one member
  std::uint64_t image_duplicates = 0;            // samples in these groups
  std::uint64_t caption_duplicate_groups = 0;
  std::uint64_t caption_duplicates = 0;
  // The most repeated captions and how often each comes, at most 5.
  std::vector<std::pair<std::string, std::uint64_t>> repeated_captions;
  // Captions that still look like mojibake after clean_text(): their number, and sample id and text
  // of the first 5.
  std::uint64_t mojibake = 0;
  std::vector<std::pair<std::uint64_t, std::string>> mojibake_examples;
};

struct CheckRules {
  unsigned threads = 1;  // threads that decode
  // Limits beyond which an image is unusable.
  DecodeLimits limits{};
  double max_decode_seconds = ImageRules{}.max_decode_seconds;
};

// Compares every shard, the index and the groups with the manifest and, if they fit, decodes every
// image. If they do not fit, the report holds the damage alone. `progress(done, total)` counts
// samples. Throws DataError or StoreError if the corpus cannot be opened or a sample cannot be
// read.
CheckReport check_corpus(const std::filesystem::path& folder, const CheckRules& rules,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace helip::data
