// Lists the pairs of one tar shard and their places, in one pass that also takes the digests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/corpus/duplicate_groups.h"
#include "data/corpus/file_kind.h"
#include "data/corpus/location_index.h"
#include "data/corpus/lost_samples.h"
#include "data/corpus/quarantine.h"
#include "data/corpus/unpaired_list.h"

namespace helip::data {

struct ShardIndex {
  std::uint64_t bytes = 0;
  std::string sha256;
  std::vector<SampleLocation> samples;  // with `shard` 0; the caller sets it
  std::vector<Digest> image_digests;    // sha256 of the encoded bytes
  // sha256 of caption_key(caption); zeros if the caption is not usable.
  std::vector<Digest> caption_digests;
  std::uint64_t json_captions = 0;  // pairs whose caption is a field of a .json
  // Entries that are no pair and so have no SampleId: an image without a caption, a caption without
  // an image, a sample whose image and caption do not follow each other, an image of a format that
  // is not read, samples whose keys hold dots, links, members that cannot be read
  // (TarMember::problem). Each is named once, by the offset of its first header. Entries of 0
  // samples are notes about what is kept or used. The last entry may be the damaged rest of the
  // shard, by the offset of the damage, or the missing end mark; the number of lost samples is not
  // known from the shard alone, and the caller sets it.
  std::vector<QuarantineEntry> unpaired;
  // Files in the tar whose names belong to no sample: hidden or without an extension.
  std::uint64_t ignored = 0;
  std::string first_ignored;
  std::optional<DamagedEnd> damaged_end;
  std::optional<FileKind> other_kind;  // if the file is no tar
  bool has_end_mark = true;
  std::uint64_t groups = 0;         // samples, pairs or not
  std::uint64_t repeated_keys = 0;  // samples with the key of an earlier sample of the shard
  // The number of samples before the first pair with a usable caption. `caption_problems` counts
  // the problems of their captions (up to the ';'); `seen` names what they hold: member extensions
  // (".jpg") and fields of their .json ("json field alt", "json field tags (a list)").
  std::uint64_t before_first = 0;
  bool has_usable = false;  // there is a pair with a usable caption
  std::map<std::string, std::uint64_t> caption_problems;
  std::set<std::string> seen;
};

// Reads one shard. Groups members into samples as WebDataset does: consecutive members with one
// key; a repeated extension starts a new sample. Takes the samples before the damage of a truncated
// or damaged tar. Stops early, without sha256, once the first `most_before_first` samples hold no
// usable pair; reads on as long as every sample is an image alone or a caption alone. Throws
// DataError if the file cannot be read or is compressed.
ShardIndex index_shard(const std::filesystem::path& shard, const std::string& caption_key,
                       std::uint64_t most_before_first = std::numeric_limits<std::uint64_t>::max());

}  // namespace helip::data
