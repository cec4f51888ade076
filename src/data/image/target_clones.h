// Marks a loop that is compiled for several instruction sets; the processor's is chosen at run
// time. Only for integer arithmetic, which gives the same result with each instruction set.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)
#define HELIP_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HELIP_VECTOR_CLONES
#endif
