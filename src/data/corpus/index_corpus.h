// Writes the index of a list of shards into a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/corpus/duplicate_groups.h"
#include "data/corpus/location_index.h"
#include "data/corpus/manifest.h"
#include "data/corpus/quarantine.h"

namespace helip::data {

// Everything that one pass over the shards finds. The manifest lacks the digests of the index and
// the groups: write_corpus_index() adds them.
struct CorpusScan {
  CorpusManifest manifest;
  std::vector<SampleLocation> locations;
  std::vector<std::uint32_t> image_groups;
  std::vector<std::uint32_t> caption_groups;
  std::vector<QuarantineEntry> unpaired;
};

// Reads all shards (at least one), several at a time. `progress(done, total)` counts shards in
// order and runs on the calling thread. Throws DataError if a shard cannot be read or is
// compressed, if there is no pair at all or more than 2^32 - 2, or if none of the first 1,000
// samples is an image with a usable caption (the error names what the samples hold instead).
CorpusScan scan_shards(const std::vector<std::filesystem::path>& shards,
                       const std::string& caption_key,
                       const std::function<void(std::uint64_t, std::uint64_t)>& progress);

// Writes index.npy, image_group.npy, caption_group.npy, unpaired.jsonl and, last, manifest.json
// into `folder`, each atomically. Makes shard_folder relative to `folder` if the shards lie inside
// of it. Returns the complete manifest. Throws StoreError if a file cannot be written.
CorpusManifest write_corpus_index(CorpusScan scan, const std::filesystem::path& folder);

// Return the shards of a manifest in order: their names, and their paths if the manifest lies in
// `folder`.
std::vector<std::string> shard_names(const CorpusManifest& manifest);
std::vector<std::filesystem::path> shard_paths(const CorpusManifest& manifest,
                                               const std::filesystem::path& folder);

}  // namespace helip::data
