// A gallery of targets with their hard pairs, so that a person sees what was mined.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"
#include "data/corpus/corpus.h"
#include "store/hard_pair_table.h"

namespace helip::report {

// Returns `count` suitable targets that have hard pairs, or all of them if there are fewer. Sorts
// the targets by the score of their hardest pair, hardest first, and takes them at even distances.
// Depends on the table and `count` alone.
std::vector<SampleId> gallery_targets(const store::HardPairTable& table, std::uint32_t count);

// Returns HTML cards: the picture and caption of each target beside its first `partners` hard pairs
// with their scores. A pair that cannot be read is shown as a text that says why.
std::string gallery(const data::Corpus& corpus, const store::HardPairTable& table,
                    const std::vector<SampleId>& targets, std::uint32_t partners);

}  // namespace helip::report
