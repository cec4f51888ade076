// How close hard negatives come to the positive: the ratio behind positive-aware mining.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "mining/table_stats.h"
#include "store/hard_pair_table.h"

namespace helip::mining {

// From here on a hard pair is suspected to be a false negative.
inline constexpr double kSuspectRatio = 0.95;

// Over the filled slots j of all targets i: cos(I_i, T_j) / cos(I_i, T_i), rounded to float32.
struct PositiveRatios {
  std::uint64_t slots = 0;  // with a ratio
  // Slots of targets whose own cosine is not above 0: a ratio says nothing there.
  std::uint64_t left_out = 0;
  double mean = 0;
  // At kScoreQuantiles, as defined there. All 0 without a ratio.
  std::array<float, kScoreQuantiles.size()> quantiles{};
  std::uint64_t above_suspect = 0;  // ratio > kSuspectRatio
  std::uint64_t above_one = 0;      // the other caption fits the image better than its own
};

// The embeddings are a clip-retrieval folder, its img_emb or text_emb, or one .npy, row = SampleId,
// of any encoders with a joint space; not necessarily those that mined the table. Takes 4 bytes a
// filled slot and 8 a pair of memory.
// Throws ConfigError naming both widths if they differ; StoreError if the rows are not N or a value
// is not finite.
PositiveRatios positive_ratios(const store::HardPairTable& table,
                               const std::filesystem::path& image_embeddings,
                               const std::filesystem::path& text_embeddings);

}  // namespace helip::mining
