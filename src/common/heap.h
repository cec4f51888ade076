// The heap of this process.
#pragma once

namespace helip {

// Makes the process keep all memory that it frees, whatever the size of the block, and use it
// again. A model on the CPU frees and allocates the same blocks for every batch, and the kernel
// would clear and map returned pages anew each time (docs/decisions.md).
void keep_freed_memory();

}  // namespace helip
