// Marks functions that CPU and CUDA code share: one definition, so that a proof and a test of one
// hold for the other.
#pragma once

#ifdef __CUDACC__
#define HELIP_HOST_DEVICE __host__ __device__
#else
#define HELIP_HOST_DEVICE
#endif
