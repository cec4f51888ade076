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

// Returns, by reason, the number of samples that the entries of a quarantine.jsonl, unpaired.jsonl
// or import_report.jsonl stand for (`samples` of an entry, 1 where it is missing). A reason is cut
// at its first ';': what follows is particular to the sample. Throws StoreError if the file cannot
// be read or is damaged.
ReasonCount count_reasons(const std::filesystem::path& file);
// Returns, by reason, the number of entries of 0 samples in such a file: notes about what is used.
// Throws StoreError if the file cannot be read or is damaged.
ReasonCount count_notes(const std::filesystem::path& file);
std::uint64_t total_of(const ReasonCount& reasons);

// Returns the `most` most frequent reasons as text, the most frequent first: "60 × JPEG image
// cannot be decoded, 2 × the caption is empty".
std::string most_frequent(const ReasonCount& reasons, std::size_t most = 3);

// Returns the files that list what is no pair of a corpus: its unpaired.jsonl and, if a job
// imported the corpus itself, its import_report.jsonl.
std::vector<std::filesystem::path> left_out_lists(const std::filesystem::path& corpus);

// Throws DataError naming files, share and reasons if more than `limit` (0 to 1) of the samples of
// the folder `corpus` are unusable. Its samples are its `pairs` pairs and the entries of its
// left_out_lists(); unusable are those entries and the entries of `quarantine` (quarantine.jsonl;
// empty: not known yet). Throws StoreError if a list cannot be read or is damaged.
void refuse_too_many(std::uint64_t pairs, double limit, const std::filesystem::path& corpus,
                     const std::filesystem::path& quarantine = {});

}  // namespace helip::data
