// Marks a loop that is compiled for several instruction sets; the processor's is chosen at run
// time. Only for integer arithmetic, which gives the same result with each instruction set.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)
#define HELIP_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define HELIP_HAS_VECTOR_CLONES 1
#else
#define HELIP_VECTOR_CLONES
#define HELIP_HAS_VECTOR_CLONES 0
#endif

namespace helip::data {

// Returns the name of the instruction set whose clones this processor runs; "default" without any.
inline const char* vector_clone() {
#if HELIP_HAS_VECTOR_CLONES
  if (__builtin_cpu_supports("avx512f")) return "avx512f";
  if (__builtin_cpu_supports("avx2")) return "avx2";
#endif
  return "default";
}

}  // namespace helip::data
