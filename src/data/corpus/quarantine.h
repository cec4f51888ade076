// Samples that cannot be used: FOLDER/quarantine.npy (bool [N]) and quarantine.jsonl (shard,
// offset, key, reason).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace helip::data {

struct QuarantineEntry {
  std::uint64_t sample = 0;
  std::string shard;
  std::uint64_t offset = 0;
  std::string key;
  std::string reason;
  // How many samples are lost with it: of the damaged rest of a shard, about. 0: the sample is
  // used all the same, and only to be named.
  std::uint64_t samples = 1;
};

// A reason is counted by its kind; what follows a "; " is particular to the sample.
struct SplitReason {
  std::string kind;
  std::string detail;  // empty if nothing follows
};
SplitReason split_reason(const std::string& reason);

// Adds the entries of `more` whose sample has none yet; sorts by sample.
void add_entries(std::vector<QuarantineEntry>& entries, const std::vector<QuarantineEntry>& more);

// Throws StoreError if an entry's sample is not below `pairs` or comes twice.
void write_quarantine(const std::filesystem::path& folder, std::uint64_t pairs,
                      const std::vector<QuarantineEntry>& entries);
// bool [pairs]; throws StoreError if the file does not fit the corpus.
std::vector<std::uint8_t> read_quarantine(const std::filesystem::path& folder, std::uint64_t pairs);

// JSON text ↔ entries, for task results. Text that is not UTF-8 is escaped. Throws StoreError if
// the text is damaged.
std::string quarantine_to_json(const std::vector<QuarantineEntry>& entries);
std::vector<QuarantineEntry> quarantine_from_json(const std::string& json);

}  // namespace helip::data
