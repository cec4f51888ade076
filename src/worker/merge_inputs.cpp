#include "worker/merge_inputs.h"

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::worker {

std::vector<rpc::TaskInput> read_merge_inputs(const rpc::TaskSpec& spec) {
  const auto list = spec.path("inputs");
  auto inputs = rpc::task_inputs_from_lines(read_text_file(list), list.string());
  for (const rpc::TaskInput& input : inputs) {
    const std::string digest = sha256_file(input.file);
    if (digest == input.sha256) continue;
    throw StoreError({.what = "the result of a task is damaged",
                      .where = input.file,
                      .expected = cat("sha256 ", input.sha256),
                      .found = cat("sha256 ", digest)});
  }
  return inputs;
}

}  // namespace helip::worker
