// The layout of the CUDA scan, with its loads and tensor instructions carried out in plain loops as
// the PTX manual defines them.
#include "mining/cuda/block_layout.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <set>
#include <vector>

#include "common/rng.h"

using namespace helip::mining::cuda;

namespace {

constexpr int kLanes = 32;
using Bytes = std::array<std::int8_t, 4>;  // of one register

struct Operand {
  std::vector<std::int8_t> rows = std::vector<std::int8_t>(kOperandBytes);
  std::vector<std::int8_t> shared = std::vector<std::int8_t>(kOperandBytes);
};

Operand random_operand(std::uint64_t seed) {
  Operand operand;
  helip::RandomStream stream(seed, "test.layout", {});
  for (std::int8_t& value : operand.rows) {
    value = static_cast<std::int8_t>(static_cast<int>(stream.below(255)) - 127);
  }
  std::set<std::uint32_t> places;
  for (std::uint32_t row = 0; row < kBlockRows; ++row) {
    for (std::uint32_t unit = 0; unit < kRowUnits; ++unit) {
      const std::uint32_t place = unit_offset(row, unit);
      REQUIRE(place + 16 <= kOperandBytes);
      places.insert(place);
      std::copy_n(operand.rows.begin() + row * kDepth + unit * 16, 16,
                  operand.shared.begin() + place);
    }
  }
  REQUIRE(places.size() == std::size_t{kBlockRows} * kRowUnits);
  return operand;
}

// ldmatrix.x4: lanes 8m to 8m + 7 name the rows of matrix m; register m of a lane gets four bytes
// of row lane / 4 from byte 4 · (lane % 4) on.
template <typename Address>
std::array<std::array<Bytes, 4>, kLanes> load_matrices(const Operand& operand,
                                                       const Address& address) {
  std::array<std::array<Bytes, 4>, kLanes> registers{};
  for (std::uint32_t m = 0; m < 4; ++m) {
    std::set<std::uint32_t> banks;
    for (std::uint32_t r = 0; r < 8; ++r) banks.insert(address(8 * m + r) / 16 % 8);
    REQUIRE(banks.size() == 8);
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      std::copy_n(operand.shared.begin() + address(8 * m + lane / 4) + 4 * (lane % 4), 4,
                  registers[lane][m].begin());
    }
  }
  return registers;
}

}  // namespace

TEST_CASE("every thread of a block holds the products that its place says, each held once") {
  const Operand targets = random_operand(1);
  const Operand candidates = random_operand(2);
  std::vector<int> held(kBlockRows * kBlockRows);
  bool equal = true;
  for (std::uint32_t warp = 0; warp < kBlockThreads / kLanes; ++warp) {
    const auto place = [&](std::uint32_t lane) { return ThreadPlace(warp * kLanes + lane); };
    for (int m = 0; m < kRowFragments; ++m) {
      for (int n = 0; n < kColumnFragments; ++n) {
        std::array<std::array<std::int32_t, kFragment>, kLanes> sums{};
        for (std::uint32_t unit = 0; unit < kRowUnits; unit += 2) {
          const auto a = load_matrices(
              targets, [&](std::uint32_t lane) { return place(lane).row_matrix(m, unit); });
          const auto b = load_matrices(candidates, [&](std::uint32_t lane) {
            return place(lane).column_matrix(n / 2, unit);
          });
          // mma.m16n8k32, row by column.
          std::int32_t left[16][32];
          std::int32_t right[32][8];
          for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            for (std::uint32_t i = 0; i < 16; ++i) {
              left[lane / 4 + (i / 4 % 2 == 1 ? 8 : 0)][lane % 4 * 4 + i % 4 + (i < 8 ? 0 : 16)] =
                  a[lane][i / 4][i % 4];
            }
            for (std::uint32_t i = 0; i < 8; ++i) {
              right[lane % 4 * 4 + i % 4 + (i < 4 ? 0 : 16)][lane / 4] =
                  b[lane][static_cast<std::size_t>(n % 2 * 2) + i / 4][i % 4];
            }
          }
          for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            for (std::uint32_t i = 0; i < kFragment; ++i) {
              for (int depth = 0; depth < 32; ++depth) {
                sums[lane][i] +=
                    left[lane / 4 + (i < 2 ? 0 : 8)][depth] * right[depth][lane % 4 * 2 + i % 2];
              }
            }
          }
        }
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
          for (int e = 0; e < kFragment; ++e) {
            const std::uint32_t row = place(lane).row_of(m, e);
            const std::uint32_t column = place(lane).column_of(n, e);
            std::int32_t expected = 0;
            for (std::uint32_t depth = 0; depth < kDepth; ++depth) {
              expected +=
                  targets.rows[row * kDepth + depth] * candidates.rows[column * kDepth + depth];
            }
            equal = equal && sums[lane][static_cast<std::size_t>(e)] == expected;
            ++held[row * kBlockRows + column];
          }
        }
      }
    }
  }
  CHECK(equal);
  CHECK(std::all_of(held.begin(), held.end(), [](int times) { return times == 1; }));
}
