// Marks functions that CPU and CUDA code share: one definition, so that a proof or a test of the
// function on the CPU holds for the GPU.
#pragma once

#ifdef __CUDACC__
#define HELIP_HOST_DEVICE __host__ __device__
#else
#define HELIP_HOST_DEVICE
#endif
