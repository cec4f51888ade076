// The scan: integer products of 128 targets and 128 candidates on tensor cores, then the decisions
// of pair_screen.h on what is still in registers.
#include <algorithm>

#include "mining/cuda/block_layout.h"
#include "mining/cuda/device_memory.h"
#include "mining/cuda/screen_kernels.h"

namespace helip::mining::cuda {
namespace {

static_assert(kInt8Padding % kDepth == 0);
constexpr std::uint32_t kStages = 4;  // loads in flight while one is multiplied
constexpr std::uint32_t kStageBytes = 2 * kOperandBytes;
constexpr std::uint32_t kSharedBytes = kStages * kStageBytes;
// Products of a thread in one row of fragments, both modalities, lie in the stages' memory.
constexpr int kAtOnce = kColumnFragments * kFragment;
static_assert(2 * kAtOnce * kBlockThreads * sizeof(std::int32_t) <= kSharedBytes);

using Products = std::int32_t[kRowFragments][kColumnFragments][kFragment];

// Starts to load kDepth bytes of up to kBlockRows rows; what is beyond the last row becomes zero.
__device__ void load_operand(const std::int8_t* rows, std::uint32_t count, std::uint32_t width,
                             std::uint32_t depth, std::uint32_t shared) {
  for (std::uint32_t i = threadIdx.x; i < kBlockRows * kRowUnits; i += kBlockThreads) {
    const std::uint32_t row = i / kRowUnits;
    const std::uint32_t unit = i % kRowUnits;
    const bool exists = row < count;
    const std::int8_t* from = rows + std::size_t{exists ? row : 0} * width + depth + unit * 16;
    asm volatile(
        "cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared + unit_offset(row, unit)),
        "l"(__cvta_generic_to_global(from)), "r"(exists ? 16 : 0)
        : "memory");
  }
}

__device__ void load_matrices(std::uint32_t shared, std::uint32_t (&registers)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(shared)
               : "memory");
}

__device__ void multiply_fragment(std::int32_t (&sums)[kFragment], const std::uint32_t (&a)[4],
                                  std::uint32_t b0, std::uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
      : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Multiplies what one stage holds. Each ldmatrix gives every thread the bytes of row lane / 4 that
// begin at lane % 4 * 4, which is how mma wants both operands; both are read at the same depth, so
// the order of depths within a fragment does not matter.
__device__ void multiply_stage(std::uint32_t targets, std::uint32_t candidates,
                               const ThreadPlace& place, Products& products) {
#pragma unroll
  for (std::uint32_t unit = 0; unit < kRowUnits; unit += 2) {
    std::uint32_t a[kRowFragments][4];
#pragma unroll
    for (int m = 0; m < kRowFragments; ++m) {
      load_matrices(targets + place.row_matrix(m, unit), a[m]);
    }
#pragma unroll
    for (int pair = 0; pair < kColumnFragments / 2; ++pair) {
      std::uint32_t b[4];
      load_matrices(candidates + place.column_matrix(pair, unit), b);
#pragma unroll
      for (int m = 0; m < kRowFragments; ++m) {
        multiply_fragment(products[m][2 * pair], a[m], b[0], b[1]);
        multiply_fragment(products[m][2 * pair + 1], a[m], b[2], b[3]);
      }
    }
  }
}

// Some rows of one modality.
struct Operand {
  const std::int8_t* rows;
  std::uint32_t count;
};

// All products of a block. Uses the stages' memory, which is free again when it returns.
__device__ void multiply(const Operand& targets, const Operand& candidates, std::uint32_t width,
                         std::uint32_t shared, const ThreadPlace& place, Products& products) {
#pragma unroll
  for (int m = 0; m < kRowFragments; ++m) {
#pragma unroll
    for (int n = 0; n < kColumnFragments; ++n) {
#pragma unroll
      for (int e = 0; e < kFragment; ++e) products[m][n][e] = 0;
    }
  }
  const std::uint32_t steps = width / kDepth;
  // Every step commits a group of loads, if only an empty one, so that the group of step s is the
  // s-th and to wait for all but the last kStages - 2 is to wait for it.
  const auto load = [&](std::uint32_t step) {
    if (step < steps) {
      const std::uint32_t stage = shared + step % kStages * kStageBytes;
      load_operand(targets.rows, targets.count, width, step * kDepth, stage);
      load_operand(candidates.rows, candidates.count, width, step * kDepth, stage + kOperandBytes);
    }
    asm volatile("cp.async.commit_group;\n" ::: "memory");
  };
  for (std::uint32_t step = 0; step + 1 < kStages; ++step) load(step);
  for (std::uint32_t step = 0; step < steps; ++step) {
    asm volatile("cp.async.wait_group %0;\n" ::"n"(kStages - 2) : "memory");
    // Now all threads' loads of this step are there, and all threads are done with the step before,
    // whose stage the next load overwrites.
    __syncthreads();
    load(step + kStages - 1);
    const std::uint32_t stage = shared + step % kStages * kStageBytes;
    multiply_stage(stage, stage + kOperandBytes, place, products);
  }
  asm volatile("cp.async.wait_group 0;\n" ::: "memory");
  __syncthreads();
}

// What the first modality's test needs, of the rows and columns of a block.
struct FirstTest {
  float slopes[kBlockRows], thresholds[kBlockRows];
  float scales[kBlockRows], errors[kBlockRows];

  // What is beyond the last row or column passes nothing.
  __device__ void load(const Tile& tile, std::uint32_t target, const CandidateRows& candidates,
                       std::uint32_t candidate) {
    for (std::uint32_t i = threadIdx.x; i < kBlockRows; i += kBlockThreads) {
      const bool row = target + i < tile.targets;
      slopes[i] = row ? tile.slopes[target + i] : 0;
      thresholds[i] = row ? tile.thresholds[target + i] : kInfinity;
      const bool column = candidate + i < candidates.count;
      scales[i] = column ? candidates.first_scales[candidate + i] : 0;
      errors[i] = column ? candidates.first_errors[candidate + i] : -kInfinity;
    }
  }
};

__device__ void offer(const PairScreen& screen, const Tile& tile, std::uint32_t target,
                      const CandidateRows& candidates, std::uint32_t candidate,
                      std::int32_t first_dot, std::int32_t second_dot) {
  ScoreRange range;
  switch (screen.judge(tile.self[target], tile.bounds[target], candidates, candidate, first_dot,
                       second_dot, range)) {
    case Verdict::kOut:
      break;
    case Verdict::kPositive:
      atomicAdd(&tile.positives[target], 1U);
      break;
    case Verdict::kPending: {
      const std::uint32_t slot = atomicAdd(&tile.counts[target], 1U);
      if (slot < tile.capacity) {
        tile.survivors[std::size_t{target} * tile.capacity + slot] = {candidates.id + candidate,
                                                                      range};
      } else {
        *tile.overflowed = 1;
      }
    }
  }
}

// Block b takes targets from b mod T on, T being the tiles of targets: blocks that run together
// share candidates.
__global__ void __launch_bounds__(kBlockThreads, 1)
    scan_kernel(PairScreen screen, Tile tile, CandidateRows candidates, Widths widths) {
  extern __shared__ __align__(128) std::uint8_t stages[];
  __shared__ FirstTest test;
  const std::uint32_t target_tiles = (tile.targets + kBlockRows - 1) / kBlockRows;
  const std::uint32_t target = blockIdx.x % target_tiles * kBlockRows;
  const std::uint32_t candidate = blockIdx.x / target_tiles * kBlockRows;
  const std::uint32_t targets = min(kBlockRows, tile.targets - target);
  const std::uint32_t count = min(kBlockRows, candidates.count - candidate);
  const auto shared = static_cast<std::uint32_t>(__cvta_generic_to_shared(stages));
  const ThreadPlace place(threadIdx.x);
  test.load(tile, target, candidates, candidate);

  Products first;
  multiply({tile.first + std::size_t{target} * widths.first, targets},
           {candidates.first + std::size_t{candidate} * widths.first, count}, widths.first, shared,
           place, first);
  // Bit n · kFragment + e of a row of fragments: the pair passes.
  std::uint32_t passes[kRowFragments];
  std::uint32_t any = 0;
#pragma unroll
  for (int m = 0; m < kRowFragments; ++m) {
    passes[m] = 0;
#pragma unroll
    for (int n = 0; n < kColumnFragments; ++n) {
#pragma unroll
      for (int e = 0; e < kFragment; ++e) {
        const std::uint32_t row = place.row_of(m, e);
        const std::uint32_t column = place.column_of(n, e);
        const bool pass = first_passes(first[m][n][e], test.scales[column], test.errors[column],
                                       test.slopes[row], test.thresholds[row]);
        passes[m] |= (pass ? 1U : 0U) << (n * kFragment + e);
      }
    }
    any |= passes[m];
  }
  if (__syncthreads_or(any != 0) == 0) return;

  Products second;
  multiply({tile.second + std::size_t{target} * widths.second, targets},
           {candidates.second + std::size_t{candidate} * widths.second, count}, widths.second,
           shared, place, second);
  // Registers cannot be indexed by a running number: each thread puts its own products into shared
  // memory, a row of fragments at a time, and takes out the passing ones. No other thread reads
  // them.
  auto* const mine = reinterpret_cast<std::int32_t*>(stages) + threadIdx.x;
#pragma unroll
  for (int m = 0; m < kRowFragments; ++m) {
    if (passes[m] == 0) continue;
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) {
      mine[i * kBlockThreads] = first[m][i / kFragment][i % kFragment];
      mine[(kAtOnce + i) * kBlockThreads] = second[m][i / kFragment][i % kFragment];
    }
    for (std::uint32_t left = passes[m]; left != 0; left &= left - 1) {
      const int i = __ffs(static_cast<int>(left)) - 1;
      offer(screen, tile, target + place.row_of(m, i % kFragment), candidates,
            candidate + place.column_of(i / kFragment, i % kFragment), mine[i * kBlockThreads],
            mine[(kAtOnce + i) * kBlockThreads]);
    }
  }
}

}  // namespace

void prepare_scan() {
  check(cudaFuncSetAttribute(scan_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(kSharedBytes)),
        "cudaFuncSetAttribute");
}

void scan(const PairScreen& screen, const Tile& tile, const CandidateRows& candidates,
          const Widths& widths, cudaStream_t stream) {
  const std::uint32_t target_tiles = (tile.targets + kBlockRows - 1) / kBlockRows;
  const std::uint32_t candidate_tiles = (candidates.count + kBlockRows - 1) / kBlockRows;
  if (target_tiles == 0 || candidate_tiles == 0) return;
  scan_kernel<<<target_tiles * candidate_tiles, kBlockThreads, kSharedBytes, stream>>>(
      screen, tile, candidates, widths);
  check(cudaGetLastError(), "scan_kernel");
}

}  // namespace helip::mining::cuda
