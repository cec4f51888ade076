// Brute force for some targets of a table that is too large to check whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "store/hard_pair_table.h"

namespace helip::test {

struct SampleOracle {
  std::filesystem::path images, texts;  // as EmbeddingStore::open takes them, without groups
  std::uint32_t targets = 2000;         // random ones; all if the table has fewer
  std::uint64_t seed = 1;
  std::uint32_t threads = 1;
};

// The first difference between the table and a full sort of all candidates of each sampled target,
// scored by the dot kernel of this machine; nothing if there is none. Rows of both are also scored
// by exact_pair_score, as is a share of the other candidates: a kernel that differs in a bit is a
// difference too. Takes the embeddings in float32 of memory. Throws DataError if the table's method
// or options leave no such rows, or if it is not of these embeddings.
std::optional<std::string> first_difference(const store::HardPairTable& table,
                                            const SampleOracle& oracle);

}  // namespace helip::test
