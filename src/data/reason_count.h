// How much of a corpus is unusable, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace helip::data {

using ReasonCount = std::map<std::string, std::uint64_t>;

// Entries of a quarantine.jsonl or unpaired.jsonl by reason, which is cut at its first ';': what
// follows is particular to the sample. Throws StoreError if the file is damaged.
ReasonCount count_reasons(const std::filesystem::path& file);

// "60 × JPEG image cannot be decoded, 2 × the caption is empty": the most frequent reasons first.
std::string most_frequent(const ReasonCount& reasons, std::size_t most = 3);

// "5 %", "0.25 %": rounded to two digits.
std::string percent(double share);

// Throws DataError naming files, share and reasons if more than `limit` of a corpus of `pairs`
// pairs and of the entries of `unpaired` (not pairs, unpaired.jsonl) are in `unpaired` or
// `quarantine` (quarantine.jsonl; empty: not known yet).
void refuse_too_many(std::uint64_t pairs, double limit, const std::filesystem::path& unpaired,
                     const std::filesystem::path& quarantine = {});

}  // namespace helip::data
