#include "counted_memory.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> used{0};
std::atomic<std::size_t> peak{0};
std::size_t before = 0;

}  // namespace

namespace helip::test {

void start_counting() {
  before = used;
  peak = before;
}

std::size_t peak_bytes() { return peak - before; }

}  // namespace helip::test

// All forms that the default ones do not lead to: a sanitizer has its own of each.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  void* const memory = std::malloc(size);
  if (memory == nullptr) return nullptr;
  used += malloc_usable_size(memory);
  peak = std::max<std::size_t>(peak, used);
  return memory;
}

void* operator new(std::size_t size) {
  void* const memory = operator new(size, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory != nullptr) used -= malloc_usable_size(memory);
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept { operator delete(memory); }
