// A hard-pair table in other tools' formats.
#pragma once

#include <cstdint>
#include <filesystem>

#include "store/hard_pair_table.h"

namespace helip::mining {

// The public HELIP code's NAME_hard_sample.csv: comma, no header, CRLF, `target,k1,…,kK`. Rows have
// no empty slots there, so targets that have one are left out, as are outliers. Returns how many
// rows were written.
std::uint64_t export_csv(const store::HardPairTable& table, const std::filesystem::path& file);

// One JSON object a line, for every target: {"target":0,"suitable":true,"hard_pairs":[…],
// "scores":[…]}, without the empty slots. Returns how many lines were written.
std::uint64_t export_jsonl(const store::HardPairTable& table, const std::filesystem::path& file);

// FOLDER/indices.npy (uint32 [N, K]; 0xFFFFFFFF is an empty slot) and FOLDER/scores.npy (float32
// [N, K]), published together. Returns N. Throws ConfigError if the folder exists.
std::uint64_t export_npy(const store::HardPairTable& table, const std::filesystem::path& folder);

}  // namespace helip::mining
