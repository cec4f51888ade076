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

// Everything one pass over the shards finds. The manifest has no digests of index and groups yet.
struct CorpusScan {
  CorpusManifest manifest;
  std::vector<SampleLocation> locations;
  std::vector<std::uint32_t> image_groups;
  std::vector<std::uint32_t> caption_groups;
  std::vector<QuarantineEntry> unpaired;
};

// Reads all shards (several at a time); `progress(done, total)` counts them, in order, on this
// thread. Throws DataError: a shard cannot be read or is compressed, there is no pair at all, or
// none of the first 1,000 samples is an image with a usable caption (naming what there is instead).
CorpusScan scan_shards(const std::vector<std::filesystem::path>& shards,
                       const std::string& caption_key,
                       const std::function<void(std::uint64_t, std::uint64_t)>& progress);

// Writes index.npy, image_group.npy, caption_group.npy, unpaired.jsonl and, last, manifest.json,
// each atomically. Shards inside of `folder` are named relative to it.
CorpusManifest write_corpus_index(CorpusScan scan, const std::filesystem::path& folder);

// The shards of a manifest, in order, and where they lie if it lies in `folder`.
std::vector<std::string> shard_names(const CorpusManifest& manifest);
std::vector<std::filesystem::path> shard_paths(const CorpusManifest& manifest,
                                               const std::filesystem::path& folder);

}  // namespace helip::data
