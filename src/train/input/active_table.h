// The hard-pair table that training draws from, and the seeds that it leaves. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "store/hard_pair_table.h"
#include "train/input/training_pairs.h"

namespace helip::train {

// Returns the table in `folder`; null unless train.hard_pairs is mined. Throws ConfigError or
// StoreError if it is missing, of another corpus, or holds fewer hard pairs than a seed draws.
std::unique_ptr<const store::HardPairTable> open_table(const config::TrainConfig& train,
                                                       const TrainingPairs& pairs,
                                                       const std::filesystem::path& folder);

// Returns sha256 over the digests of its arrays; empty without a table.
std::string digest_of(const store::HardPairTable* table);

// Returns the pairs that may be seeds, ascending: the table's targets that can_be_seed, or all
// pairs if `table` is null; never those quarantined in quarantine_folder (empty: none is). Throws
// StoreError for a quarantine that does not fit the corpus.
std::vector<std::uint32_t> seeds_of(const config::TrainConfig& train, const TrainingPairs& pairs,
                                    const store::HardPairTable* table,
                                    const std::filesystem::path& quarantine_folder);

}  // namespace helip::train
