#include "train/loop/bad_steps.h"

#include <algorithm>
#include <string>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"

namespace helip::train {
namespace {

constexpr int kMostInARow = 3;

std::string first_ids(const std::vector<SampleId>& ids) {
  constexpr std::size_t kShown = 64;
  std::string text;
  for (std::size_t i = 0; i < std::min(ids.size(), kShown); ++i) {
    text += cat(i == 0 ? "" : ", ", to_index(ids[i]));
  }
  if (ids.size() > kShown) text += cat(", … (", ids.size(), " in all)");
  return text;
}

}  // namespace

void BadSteps::note(std::uint64_t step, const StepResult& result,
                    const std::vector<SampleId>& ids) {
  if (result.applied) in_a_row_ = 0;
  if (result.applied || result.rescaled) return;
  ++in_a_row_;
  const std::string found = cat("loss ", result.loss, " in a batch of the pairs ", first_ids(ids));
  if (in_a_row_ < kMostInARow) {
    if (warns_) {
      log::warning(cat("step ", step, ": loss or gradient is not finite, step skipped: ", found));
    }
    return;
  }
  throw DataError(
      {.what = cat("loss or gradient was not finite in ", kMostInARow, " steps in a row"),
       .where = cat("step ", step, " of seed ", seed_),
       .expected = "a finite loss and gradient",
       .found = found});
}

}  // namespace helip::train
