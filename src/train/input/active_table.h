// The hard-pair table that training draws from, and the pairs that can be seeds with it.
// Torch-free.
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

// Returns the table in `folder`; null unless train.hard_pairs is mined. Throws StoreError if the
// table is missing or damaged, DataError or StoreError if it is of another corpus, ConfigError if
// `folder` is empty or the table holds fewer hard pairs per target than a seed draws.
std::unique_ptr<const store::HardPairTable> open_table(const config::TrainConfig& train,
                                                       const TrainingPairs& pairs,
                                                       const std::filesystem::path& folder);

// Returns the sha256 over the digests of the table's arrays; empty if `table` is null.
std::string digest_of(const store::HardPairTable* table);

// Returns the ids of the pairs that are not quarantined, ascending. quarantine_folder holds
// quarantine.npy; empty: no pair is quarantined. Throws StoreError for a quarantine that does not
// fit the corpus.
std::vector<std::uint32_t> usable_pairs(const TrainingPairs& pairs,
                                        const std::filesystem::path& quarantine_folder);

// Returns the ids of the usable pairs that may be seeds, ascending: those for which can_be_seed is
// true, or all of them if `table` is null.
std::vector<std::uint32_t> seeds_of(const config::TrainConfig& train,
                                    const std::vector<std::uint32_t>& usable,
                                    const store::HardPairTable* table);

}  // namespace helip::train
