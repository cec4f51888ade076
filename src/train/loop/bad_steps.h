// Steps whose loss or gradient is not finite: a few are skipped, several in a row end the training.
// Torch-free.
#pragma once

#include <cstdint>
#include <vector>

#include "common/ids.h"
#include "train/step/step_result.h"

namespace helip::train {

// For one thread.
class BadSteps {
 public:
  // `seed` is named in messages. `warns`: on rank 0 alone, so that a step is told once.
  BadSteps(std::uint64_t seed, bool warns) : seed_(seed), warns_(warns) {}
  // Notes the result of a step on the batch of pairs `ids`. A step that float16's scale explains
  // counts as neither good nor bad. Throws DataError, naming the pairs, for the third bad step in a
  // row.
  void note(std::uint64_t step, const StepResult& result, const std::vector<SampleId>& ids);

 private:
  std::uint64_t seed_;
  bool warns_;
  int in_a_row_ = 0;
};

}  // namespace helip::train
