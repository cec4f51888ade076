// What one tar shard holds: its pairs and their places, found in one pass that also takes the
// digests.
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
  std::vector<SampleLocation> samples;  // shard number 0; the caller knows which shard it is
  std::vector<Digest> image_digests;    // sha256 of the encoded bytes
  std::vector<Digest>
      caption_digests;  // sha256 of caption_key(caption); zeros if the caption is not usable
  std::uint64_t json_captions = 0;  // pairs whose caption is a field of a .json
  // What is no pair, so without a SampleId: images without a caption, captions without an image, a
  // sample whose two do not follow each other, images of formats that are not read, samples whose
  // keys hold dots, links, members that a tar cannot give (TarMember::problem). Each is named once,
  // by the offset of its first header. The damaged rest of a shard is the last such entry, with the
  // offset of the damage; how many samples it stands for is not known from the shard alone, nor
  // what a shard without end mark (the last entry, too) lacks. Entries of 0 samples name what is
  // kept or used.
  std::vector<QuarantineEntry> unpaired;
  // Files in the tar that are no member of a sample by their names: hidden or without an extension.
  std::uint64_t ignored = 0;
  std::string first_ignored;
  std::optional<DamagedEnd> damaged_end;
  std::optional<FileKind> other_kind;  // what the file is instead of a tar
  bool has_end_mark = true;
  std::uint64_t groups = 0;         // samples, pairs or not
  std::uint64_t repeated_keys = 0;  // samples with the key of an earlier one of the shard
  // Samples before the first pair with a usable caption, what their captions' problems are (up to
  // the ';'), and what they hold: member extensions (".jpg") and fields of their .json ("json field
  // alt", "json field tags (a list)").
  std::uint64_t before_first = 0;
  bool has_usable = false;  // a pair with a usable caption
  std::map<std::string, std::uint64_t> caption_problems;
  std::set<std::string> seen;
};

// Groups members into samples as WebDataset does: consecutive members with one key; a repeated
// extension starts a new sample. Of an empty, truncated or damaged tar the samples before the
// damage are taken. Ends without digest where the first `most_before_first` samples are no usable
// pair; where they are images alone or captions alone, it reads on until it meets the other half of
// one. Throws DataError if the file cannot be read or is compressed.
ShardIndex index_shard(const std::filesystem::path& shard, const std::string& caption_key,
                       std::uint64_t most_before_first = std::numeric_limits<std::uint64_t>::max());

}  // namespace helip::data
