// The results that a merge task reads.
#pragma once

#include <vector>

#include "rpc/task_spec.h"

namespace helip::worker {

// The lines of `spec.paths["inputs"]`, each file checked against its digest. Throws StoreError
// naming the file.
std::vector<rpc::TaskInput> read_merge_inputs(const rpc::TaskSpec& spec);

}  // namespace helip::worker
