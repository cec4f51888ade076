#include "worker/stages/merge_inputs.h"

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::worker {

std::vector<jobs::MergeInput> read_merge_inputs(const jobs::WorkDir& work_dir,
                                                const jobs::Task& merge) {
  const auto list = work_dir.merge_inputs(merge.stage);
  auto inputs = jobs::merge_inputs_from_lines(read_text_file(list), list.string());
  for (const jobs::MergeInput& input : inputs) {
    const std::string digest = sha256_file(input.file);
    if (digest == input.sha256) continue;
    throw StoreError({.what = "the result of a task is damaged",
                      .where = input.file,
                      .expected = cat("sha256 ", input.sha256),
                      .found = cat("sha256 ", digest)});
  }
  return inputs;
}

std::vector<mining::TaskResult> range_results(const jobs::WorkDir& work_dir,
                                              const jobs::Task& merge) {
  std::vector<mining::TaskResult> results;
  for (const jobs::MergeInput& input : read_merge_inputs(work_dir, merge)) {
    results.push_back({.range = {.first = input.first, .count = input.count}, .file = input.file});
  }
  return results;
}

}  // namespace helip::worker
