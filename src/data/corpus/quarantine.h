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
  // Number of samples that are lost; an estimate if the entry is the damaged rest of a shard. 0:
  // nothing is lost, and the entry is a note about something that is used.
  std::uint64_t samples = 1;
};

// A reason, split at its first "; ". Reasons are counted by their kind; the detail is particular to
// one sample.
struct SplitReason {
  std::string kind;
  std::string detail;  // empty if nothing follows
};
SplitReason split_reason(const std::string& reason);

// Adds the entries of `more` whose samples have no entry in `entries` yet; sorts `entries` by
// sample.
void add_entries(std::vector<QuarantineEntry>& entries, const std::vector<QuarantineEntry>& more);

// Writes both files. Throws StoreError if an entry's sample is not below `pairs` or comes twice, or
// if a file cannot be written.
void write_quarantine(const std::filesystem::path& folder, std::uint64_t pairs,
                      const std::vector<QuarantineEntry>& entries);
// Reads quarantine.npy. Returns the mask, bool [pairs]: 1 for a sample that cannot be used. Throws
// StoreError if the file cannot be read, is damaged or does not fit the corpus.
std::vector<std::uint8_t> read_quarantine(const std::filesystem::path& folder, std::uint64_t pairs);

// Convert entries to JSON text and back, for task results. The JSON has no `samples`: each entry
// that is read back stands for 1. Bytes that are not UTF-8 are escaped. quarantine_from_json throws
// StoreError if the text is damaged.
std::string quarantine_to_json(const std::vector<QuarantineEntry>& entries);
std::vector<QuarantineEntry> quarantine_from_json(const std::string& json);

}  // namespace helip::data
