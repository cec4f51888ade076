// The hard-pair table that training draws from, and the seeds that it leaves. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/hard_pair_table.h"
#include "train/input/training_pairs.h"
#include "train/train_spec.h"

namespace helip::train {

// The table in `folder`; null unless train.hard_pairs is mined. Throws ConfigError or StoreError if
// it is missing, of another corpus, or holds fewer hard pairs than a seed draws.
std::unique_ptr<const store::HardPairTable> open_table(const TrainSpec& spec,
                                                       const TrainingPairs& pairs,
                                                       const std::filesystem::path& folder);

// sha256 over the digests of its arrays; empty without a table.
std::string digest_of(const store::HardPairTable* table);

// Pairs that may be seeds, ascending: targets of the table that can be, or without one all; never
// quarantined ones.
std::vector<std::uint32_t> seeds_of(const TrainSpec& spec, const TrainingPairs& pairs,
                                    const store::HardPairTable* table);

}  // namespace helip::train
