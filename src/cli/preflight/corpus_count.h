// How many pairs a corpus has, found without indexing it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace helip::cli {

struct PairCount {
  std::uint64_t pairs = 0;
  bool exact = true;  // false: extrapolated from the first shards, or another program's sizes.json
};

// From the manifest of `source` or of `indexed`, where it was indexed before; else from the
// sizes.json beside the shards; else from the headers of the tars, of the first `max_members`
// members at most. Nothing for tables and folders of images. Throws DataError if a shard is missing
// or damaged.
std::optional<PairCount> count_pairs(const std::string& source,
                                     const std::filesystem::path& indexed,
                                     std::uint64_t max_members = 200'000);

}  // namespace helip::cli
