// Targets with their hard pairs, so that a person sees what was mined.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"
#include "data/corpus/corpus.h"
#include "store/hard_pair_table.h"

namespace helip::report {

// `count` suitable targets that have hard pairs, at even ranks of their hardest score, from the
// hardest to the easiest; fewer if there are fewer. A pure function of the table.
std::vector<SampleId> gallery_targets(const store::HardPairTable& table, std::uint32_t count);

// HTML cards: each target's picture and caption beside its first `partners` hard pairs with their
// scores.
std::string gallery(const data::Corpus& corpus, const store::HardPairTable& table,
                    const std::vector<SampleId>& targets, std::uint32_t partners);

}  // namespace helip::report
