#include "common/heap.h"

#include <malloc.h>

namespace helip {

void keep_freed_memory() {
  constexpr int kGrowth = 64 << 20;
  mallopt(M_MMAP_MAX, 0);         // large blocks come from the heap too
  mallopt(M_TRIM_THRESHOLD, -1);  // which never shrinks
  mallopt(M_TOP_PAD, kGrowth);
}

}  // namespace helip
