// The heap of this process.
#pragma once

namespace helip {

// Freed memory stays with the process, whatever its size, to be used again: training frees and asks
// for the same gigabytes at every step, and pages that went back to the kernel would be cleared and
// mapped anew each time (docs/decisions.md).
void keep_freed_memory();

}  // namespace helip
