// How many samples the damaged rest of a shard held. The damaged bytes do not tell, so the number
// is looked up in files beside the shard or estimated from the shards that are whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace helip::data {

// The place from which on a shard's bytes are no tar.
struct DamagedEnd {
  bool is_cut = false;             // the file ends too early; otherwise its bytes are damaged
  std::uint64_t lost_bytes = 0;    // from that place to the file's end
  std::uint64_t read_bytes = 0;    // before that place
  std::uint64_t read_samples = 0;  // whole samples before that place, pairs or not
};

// All whole shards of a corpus together.
struct WholeShards {
  std::uint64_t shards = 0;
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;
};

struct LostSamples {
  std::uint64_t samples = 1;  // at least 1
  bool is_known = false;      // false: an estimate
};

// Returns the number of samples in a shard as the tool that wrote it recorded it: under the shard's
// name in sizes.json beside it (WebDataset), else "successes" in STEM_stats.json (img2dataset).
// Returns nothing if neither file has the number.
std::optional<std::uint64_t> known_samples(const std::filesystem::path& shard);

// Returns how many samples of the shard were not read, at least 1: `known` minus the samples that
// were read. Without `known` it estimates. For a shard that is cut, the estimate is the mean number
// of samples of the whole shards minus the samples that were read. For damaged bytes it is their
// number divided by the mean size of a sample. If there is nothing to take the mean of, it returns
// the number of samples that were read: then the limit of unusable samples stops each job on the
// corpus, unless the limit is 0.5 or more.
LostSamples lost_samples(const DamagedEnd& end, std::optional<std::uint64_t> known,
                         const WholeShards& whole);

}  // namespace helip::data
