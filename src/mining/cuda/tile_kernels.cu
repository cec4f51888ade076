// What happens to a tile's survivors between scans: a block of threads for each target.
#include "mining/cuda/device_memory.h"
#include "mining/cuda/screen_kernels.h"

namespace helip::mining::cuda {
namespace {

constexpr std::uint32_t kThreads = 256;
constexpr std::uint32_t kDigits = 256;  // a digit is a byte, and a thread's
static_assert(kDigits == kThreads);

// The k-th highest lower bound of at least k survivors, byte by byte from the highest: lower bounds
// are not negative, so they order as their bits do. All threads get it.
__device__ float kth_highest(const Survivor* survivors, std::uint32_t count, std::uint32_t k) {
  __shared__ std::uint32_t reach[kDigits + 1];  // how many have this digit or a higher one
  __shared__ std::uint32_t digit, rest;
  std::uint32_t found = 0;  // the digits so far
  for (std::uint32_t shift = 32; shift > 0;) {
    shift -= 8;
    reach[threadIdx.x] = 0;
    if (threadIdx.x == 0) reach[kDigits] = 0;
    __syncthreads();
    for (std::uint32_t i = threadIdx.x; i < count; i += kThreads) {
      const std::uint32_t bits = __float_as_uint(survivors[i].range.lower);
      // Counts values that share the digits so far; a shift by 32 would be undefined.
      if (std::uint64_t{bits} >> (shift + 8) == std::uint64_t{found} >> (shift + 8)) {
        atomicAdd(&reach[bits >> shift & (kDigits - 1)], 1U);
      }
    }
    __syncthreads();
    for (std::uint32_t step = 1; step < kDigits; step *= 2) {
      const std::uint32_t above = threadIdx.x + step < kDigits ? reach[threadIdx.x + step] : 0;
      __syncthreads();
      reach[threadIdx.x] += above;
      __syncthreads();
    }
    // Exactly one digit: the counts fall from at least k to 0.
    if (reach[threadIdx.x] >= k && reach[threadIdx.x + 1] < k) {
      digit = threadIdx.x;
      rest = k - reach[threadIdx.x + 1];
    }
    __syncthreads();
    found |= digit << shift;
    k = rest;
    __syncthreads();
  }
  return __uint_as_float(found);
}

// Moves survivors that reach the bound to the front; returns how many, to all threads.
__device__ std::uint32_t drop_below(Survivor* survivors, std::uint32_t count, float bound) {
  __shared__ std::uint32_t of_warps[kThreads / 32];
  const std::uint32_t lane = threadIdx.x % 32;
  std::uint32_t left = 0;
  for (std::uint32_t begin = 0; begin < count; begin += kThreads) {
    const std::uint32_t i = begin + threadIdx.x;
    Survivor survivor{};
    if (i < count) survivor = survivors[i];
    const bool stays = i < count && !(survivor.range.upper < bound);
    const std::uint32_t warp = __ballot_sync(~0U, stays);
    if (lane == 0) of_warps[threadIdx.x / 32] = static_cast<std::uint32_t>(__popc(warp));
    // All have read theirs before any is written; what is written lies before what is read next.
    __syncthreads();
    std::uint32_t place = left + static_cast<std::uint32_t>(__popc(warp & ((1U << lane) - 1)));
    for (std::uint32_t w = 0; w < kThreads / 32; ++w) {
      if (w < threadIdx.x / 32) place += of_warps[w];
      left += of_warps[w];
    }
    if (stays) survivors[place] = survivor;
    __syncthreads();
  }
  return left;
}

__device__ void set_bound(const PairScreen& screen, const Tile& tile, std::uint32_t target,
                          float bound) {
  tile.bounds[target] = bound;
  tile.thresholds[target] = screen.threshold(tile.self[target], bound);
}

__global__ void __launch_bounds__(kThreads)
    tighten_kernel(PairScreen screen, Tile tile, std::uint32_t k) {
  const std::uint32_t target = blockIdx.x;
  const std::uint32_t count = tile.counts[target];
  Survivor* const survivors = tile.survivors + std::size_t{target} * tile.capacity;
  float bound = tile.bounds[target];
  if (count >= k) bound = fmaxf(bound, kth_highest(survivors, count, k));
  // With k positive scores known, what the filters leave out need not be counted further.
  if (tile.positives[target] >= k) bound = fmaxf(bound, static_cast<float>(screen.min_score));
  const std::uint32_t left = drop_below(survivors, count, bound);
  if (threadIdx.x == 0) {
    tile.counts[target] = left;
    set_bound(screen, tile, target, bound);
    atomicMax(tile.most, left);
  }
}

__global__ void __launch_bounds__(kThreads)
    raise_kernel(PairScreen screen, Tile tile, const float* bounds) {
  const std::uint32_t target = blockIdx.x * kThreads + threadIdx.x;
  if (target >= tile.targets) return;
  set_bound(screen, tile, target, fmaxf(tile.bounds[target], bounds[target]));
}

__global__ void __launch_bounds__(kThreads)
    pack_kernel(Tile tile, const std::uint64_t* offsets, PendingCandidates::Candidate* packed) {
  const std::uint32_t target = blockIdx.x;
  if (offsets[target] == kNotTaken) return;
  const std::uint32_t count = tile.counts[target];
  const Survivor* const survivors = tile.survivors + std::size_t{target} * tile.capacity;
  PendingCandidates::Candidate* const to = packed + offsets[target];
  for (std::uint32_t i = threadIdx.x; i < count; i += kThreads) {
    to[i] = {survivors[i].id, survivors[i].range.upper};
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    tile.counts[target] = 0;
    tile.positives[target] = 0;
  }
}

}  // namespace

void tighten(const PairScreen& screen, const Tile& tile, std::uint32_t k, cudaStream_t stream) {
  check(cudaMemsetAsync(tile.most, 0, sizeof(*tile.most), stream), "cudaMemsetAsync");
  tighten_kernel<<<tile.targets, kThreads, 0, stream>>>(screen, tile, k);
  check(cudaGetLastError(), "tighten_kernel");
}

void raise(const PairScreen& screen, const Tile& tile, const float* bounds, cudaStream_t stream) {
  raise_kernel<<<(tile.targets + kThreads - 1) / kThreads, kThreads, 0, stream>>>(screen, tile,
                                                                                  bounds);
  check(cudaGetLastError(), "raise_kernel");
}

void pack(const Tile& tile, const std::uint64_t* offsets, PendingCandidates::Candidate* packed,
          cudaStream_t stream) {
  pack_kernel<<<tile.targets, kThreads, 0, stream>>>(tile, offsets, packed);
  check(cudaGetLastError(), "pack_kernel");
}

}  // namespace helip::mining::cuda
