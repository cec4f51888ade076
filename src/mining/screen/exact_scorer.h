// exact_pair_score of one target against candidates, several at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mining/kernels/dot_kernels.h"
#include "mining/pairs/mining_data.h"

namespace helip::mining {

// Holds the rows of one target and a buffer for the rows of kAtOnce candidates. For one thread.
// `data` must outlive it.
class ExactScorer {
 public:
  static constexpr std::size_t kAtOnce = 8;

  ExactScorer(const MiningData& data, const ScoreRules& rules);

  // Reads the rows of the target whose scores the next calls compute.
  void set_target(std::uint64_t target);
  // Writes exact_pair_score of the target and candidate ids[i] to scores[i]; at most kAtOnce ids.
  void score(std::span<const std::uint32_t> ids, std::span<float> scores);
  // Writes sim(I_target, T_ids[i]) to similarities[i]; at most kAtOnce ids. Precondition: images
  // and texts are of equal width.
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
