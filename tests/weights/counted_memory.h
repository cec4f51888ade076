// Heap memory in use, by operators new and delete that count.
#pragma once

#include <cstddef>

namespace helip::test {

// Forgets earlier peaks.
void start_counting();
// The most bytes that were in use at once since then, beyond those in use at its call.
std::size_t peak_bytes();

}  // namespace helip::test
