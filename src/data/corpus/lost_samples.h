// How many samples the damaged rest of a shard held. The damage does not say, so it is looked up
// beside the shard or estimated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace helip::data {

// Where a shard ends to be a tar.
struct DamagedEnd {
  bool is_cut = false;  // the file ends there; otherwise `lost_bytes` follow that are no tar
  std::uint64_t lost_bytes = 0;
  std::uint64_t read_bytes = 0;    // before it
  std::uint64_t read_samples = 0;  // whole ones before it, pairs or not
};

// All whole shards of a corpus together.
struct WholeShards {
  std::uint64_t shards = 0;
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;
};

struct LostSamples {
  std::uint64_t samples = 1;  // at least 1
  bool is_known = false;      // not an estimate
};

// Samples of a shard as the tool that wrote it says: by its name in sizes.json beside it
// (WebDataset), else by "successes" in STEM_stats.json (img2dataset). nullopt where neither file
// does.
std::optional<std::uint64_t> known_samples(const std::filesystem::path& shard);

// Returns how many samples of the shard were not read: `known` minus the read ones. Without `known`
// it estimates. A shard that is cut lost what it lacks to the mean of the whole shards. Bytes that
// are no tar count as samples of the mean size. If no shard gives a mean, it returns the number of
// samples that were read: then the limit of unusable samples stops each job on the corpus, unless
// the limit is 0.5 or more.
LostSamples lost_samples(const DamagedEnd& end, std::optional<std::uint64_t> known,
                         const WholeShards& whole);

}  // namespace helip::data
