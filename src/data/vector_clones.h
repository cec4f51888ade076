// Marks a loop that is compiled for several instruction sets, of which one is chosen at run time.
// For integers alone: those give the same result on each.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)
#define HELIP_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HELIP_VECTOR_CLONES
#endif
