// Counts the pairs of a corpus without indexing it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace helip::cli {

struct PairCount {
  std::uint64_t pairs = 0;
  bool exact = true;  // false: extrapolated, or from another program's sizes.json
};

// Returns the number of pairs from the first of these: the manifest of `source`, or of `indexed` if
// the corpus was indexed before; the sizes.json beside the shards; the headers of at most
// `max_members` members of the tars, extrapolated to all shards. A tar that is damaged counts up to
// its damage. Returns nothing for tables and folders of images. Throws DataError if a shard is
// missing or cannot be read, StoreError if a manifest is damaged.
std::optional<PairCount> count_pairs(const std::string& source,
                                     const std::filesystem::path& indexed,
                                     std::uint64_t max_members = 200'000);

}  // namespace helip::cli
