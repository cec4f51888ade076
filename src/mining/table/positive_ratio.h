// How close hard negatives come to the positive: the ratio behind positive-aware mining.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>

#include "mining/table/table_stats.h"
#include "store/hard_pair_table.h"

namespace helip::mining {

// A hard pair with a higher ratio is suspected to be a false negative.
inline constexpr double kSuspectRatio = 0.95;

// The targets to look at: all, or a random sample of `most`.
struct RatioTargets {
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t seed = 0;  // of the sample
};

// Statistics of the ratio cos(I_i, T_j) / cos(I_i, T_i), rounded to float32, over the filled slots
// j of the targets i.
struct PositiveRatios {
  std::uint64_t targets = 0;  // looked at
  std::uint64_t slots = 0;    // with a ratio
  // Slots of targets whose own cosine is not above 0: a ratio says nothing there.
  std::uint64_t left_out = 0;
  double mean = 0;
  // Quantiles of the ratio, defined as in TableStats. All 0 if there is no ratio.
  std::array<float, kScoreQuantiles.size()> quantiles{};
  std::uint64_t above_suspect = 0;  // ratio > kSuspectRatio
  std::uint64_t above_one = 0;  // ratio > 1: the caption fits the image better than the image's own
  bool operator==(const PositiveRatios&) const = default;
};

// Returns the ratios of a table. The embeddings are a clip-retrieval folder, its img_emb or
// text_emb, or one .npy, row = SampleId. They may come from any encoders with a joint space, also
// from others than the table was mined with. Takes 4 bytes of memory for each filled slot of the
// targets and 8 for each pair; a sample reads only the rows of its targets and the texts of their
// hard pairs. Throws ConfigError naming both widths if they differ; StoreError if the rows are not
// N or a value that is read is not finite.
PositiveRatios positive_ratios(const store::HardPairTable& table,
                               const std::filesystem::path& image_embeddings,
                               const std::filesystem::path& text_embeddings,
                               const RatioTargets& targets = {});

}  // namespace helip::mining
