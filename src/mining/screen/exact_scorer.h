// exact_pair_score of one target against candidates, several at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mining/kernels/dot_kernels.h"
#include "mining/pairs/mining_data.h"

namespace helip::mining {

// Holds one target's rows and room for those of candidates; for one thread.
class ExactScorer {
 public:
  static constexpr std::size_t kAtOnce = 8;

  ExactScorer(const MiningData& data, const ScoreRules& rules);

  void set_target(std::uint64_t target);
  // scores[i] of candidate ids[i]; at most kAtOnce.
  void score(std::span<const std::uint32_t> ids, std::span<float> scores);
  // similarities[i] = sim(I_target, T_ids[i]); at most kAtOnce. Precondition: images and texts are
  // of equal width.
  void similarities(std::span<const std::uint32_t> ids, std::span<double> similarities);

 private:
  void dots(const EmbeddingMatrix& rows, const float* target, std::span<const std::uint32_t> ids,
            double* out);

  const MiningData& data_;
  ScoreRules rules_;
  const DotKernel& kernel_;
  std::uint64_t target_ = 0;
  const float *target_image_ = nullptr, *target_text_ = nullptr;
  std::vector<float> image_, text_, candidates_;
};

}  // namespace helip::mining
