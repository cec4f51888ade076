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

// Samples that the entries of a quarantine.jsonl, unpaired.jsonl or import_report.jsonl stand for
// (`samples`, 1 where it is missing), by reason, which is cut at its first ';': what follows is
// particular to the sample. Throws StoreError if the file is damaged.
ReasonCount count_reasons(const std::filesystem::path& file);
// Counts the entries of 0 samples in such a list, each as one: what is kept but worth a look.
ReasonCount count_notes(const std::filesystem::path& file);
std::uint64_t total_of(const ReasonCount& reasons);

// "60 × JPEG image cannot be decoded, 2 × the caption is empty": the most frequent reasons first.
std::string most_frequent(const ReasonCount& reasons, std::size_t most = 3);

// The lists of what is no pair of a corpus: unpaired.jsonl, and of a corpus that a job imported
// itself import_report.jsonl.
std::vector<std::filesystem::path> left_out_lists(const std::filesystem::path& corpus);

// Throws DataError naming files, share and reasons if more than `limit` of the samples of the
// folder `corpus`, which are `pairs` pairs and its left_out_lists, are in those lists or in
// `quarantine` (quarantine.jsonl; empty: not known yet).
void refuse_too_many(std::uint64_t pairs, double limit, const std::filesystem::path& corpus,
                     const std::filesystem::path& quarantine = {});

}  // namespace helip::data
