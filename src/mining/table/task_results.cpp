#include "mining/table/task_results.h"

#include <algorithm>

#include "common/error.h"
#include "common/text.h"

namespace helip::mining {

std::vector<TaskResult> in_order(std::vector<TaskResult> results, std::uint64_t pairs,
                                 const std::string& what) {
  std::sort(results.begin(), results.end(),
            [](const TaskResult& a, const TaskResult& b) { return a.range.first < b.range.first; });
  std::uint64_t next = 0;
  for (const TaskResult& result : results) {
    if (result.range.first > next) break;
    if (result.range.first < next) {
      throw StoreError({.what = "two " + what + " results hold the same pair",
                        .where = result.file.string(),
                        .expected = cat("a range from ", next),
                        .found = cat("a range from ", result.range.first)});
    }
    next += result.range.count;
  }
  if (next != pairs) {
    throw StoreError(
        {.what = "the " + what + " results do not cover the corpus",
         .expected = cat("pairs 0 to ", pairs),
         .found = next < pairs ? cat("no result for pair ", next) : cat("pairs up to ", next)});
  }
  return results;
}

}  // namespace helip::mining
