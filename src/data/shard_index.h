// What one tar shard holds: its pairs and their places, found in one pass that also takes the
// digests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/duplicate_groups.h"
#include "data/location_index.h"
#include "data/lost_samples.h"
#include "data/quarantine.h"

namespace helip::data {

inline constexpr const char* kLink = "its image or caption is a link, and links are not followed";
// Of samples that are kept (0 samples in their entry).
inline constexpr const char* kRepeatedKey =
    "the key of an earlier sample of the shard; both are kept";

struct ShardIndex {
  std::uint64_t bytes = 0;
  std::string sha256;
  std::vector<SampleLocation> samples;  // shard number 0; the caller knows which shard it is
  std::vector<Digest> image_digests;    // sha256 of the encoded bytes
  std::vector<Digest>
      caption_digests;  // sha256 of caption_key(caption); zeros if the caption is not usable
  std::uint64_t json_captions = 0;  // pairs whose caption is a field of a .json
  // Images without a caption member, captions without an image, samples that lack either because it
  // is a link: not pairs, so without a SampleId; each is named once, by the offset of its first
  // header. The damaged rest of a shard is the last such entry, with the offset of the damage; how
  // many samples it stands for is not known from the shard alone. A sample with the key of an
  // earlier one of the shard has an entry of 0 samples: it is kept.
  std::vector<QuarantineEntry> unpaired;
  std::optional<DamagedEnd> damaged_end;
  std::uint64_t groups = 0;         // samples, pairs or not
  std::uint64_t repeated_keys = 0;  // samples with the key of an earlier one of the shard
  // Samples before the first pair with a usable caption, whatever they hold, and what that is:
  // member extensions (".jpg") and fields of their .json ("json field alt", "json field tags (a
  // list)").
  std::uint64_t before_first = 0;
  bool has_usable = false;  // a pair with a usable caption
  std::set<std::string> seen;
  std::set<std::string> caption_problems;  // of the captions among them, up to their ';'
};

// Groups members into samples as WebDataset does: consecutive members with one key; a repeated
// extension starts a new sample. Of an empty, truncated or damaged tar the samples before the
// damage are taken. Ends without digest where the first `most_before_first` samples are no usable
// pair. Throws DataError if the file cannot be read or is compressed.
ShardIndex index_shard(const std::filesystem::path& shard, const std::string& caption_key,
                       std::uint64_t most_before_first = std::numeric_limits<std::uint64_t>::max());

}  // namespace helip::data
