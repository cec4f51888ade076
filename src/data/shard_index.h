// What one tar shard holds: its pairs and their places, found in one pass that also takes the
// digests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/duplicate_groups.h"
#include "data/location_index.h"
#include "data/quarantine.h"

namespace helip::data {

struct ShardIndex {
  std::uint64_t bytes = 0;
  std::string sha256;
  std::vector<SampleLocation> samples;  // shard number 0; the caller knows which shard it is
  std::vector<Digest> image_digests;    // sha256 of the encoded bytes
  std::vector<Digest>
      caption_digests;  // sha256 of caption_key(caption); zeros if the caption is not usable
  std::uint64_t json_captions = 0;  // pairs whose caption is a field of a .json
  // Images without a caption member, captions without an image, links: not pairs, so without a
  // SampleId.
  std::vector<QuarantineEntry> unpaired;
};

// Groups members into samples as WebDataset does: consecutive members with one key; a repeated
// extension starts a new sample. Throws DataError naming shard and byte offset if the tar is empty,
// truncated or damaged.
ShardIndex index_shard(const std::filesystem::path& shard, const std::string& caption_key);

}  // namespace helip::data
