// A hard-pair table in other tools' formats.
#pragma once

#include <cstdint>
#include <filesystem>

#include "store/hard_pair_table.h"

namespace helip::mining {

// Writes the public HELIP code's NAME_hard_sample.csv: comma, no header, CRLF, `target,k1,…,kK`.
// The format knows no empty slots, so targets with an empty slot are left out, as are outliers.
// Returns how many rows were written. Throws StoreError if the file cannot be written.
std::uint64_t export_csv(const store::HardPairTable& table, const std::filesystem::path& file);

// Writes one JSON object a line, for every target: {"target":0,"suitable":true,"hard_pairs":[…],
// "scores":[…]}, without the empty slots. Returns how many lines were written. Throws StoreError if
// the file cannot be written.
std::uint64_t export_jsonl(const store::HardPairTable& table, const std::filesystem::path& file);

// Writes FOLDER/indices.npy (uint32 [N, K]; 0xFFFFFFFF is an empty slot) and FOLDER/scores.npy
// (float32 [N, K]), published together. Returns N. Throws ConfigError if the folder exists.
std::uint64_t export_npy(const store::HardPairTable& table, const std::filesystem::path& folder);

}  // namespace helip::mining
