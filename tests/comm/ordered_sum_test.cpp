#include "comm/ordered_sum.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace helip::comm {
namespace {

TEST_CASE("a sum adds part after part, so 1e8 swallows what stands beside it") {
  const std::vector<float> a = {1e8F, 3.0F};
  const std::vector<float> b = {-1e8F, 4.0F};
  const std::vector<float> c = {0.5F, 5.0F};
  std::vector<float> out(2);
  const void* one[] = {a.data(), b.data(), c.data()};
  sum_in_rank_order(Number::kF32, one, 2, out.data());
  CHECK(out == std::vector<float>{0.5F, 12.0F});
  const void* other[] = {a.data(), c.data(), b.data()};
  sum_in_rank_order(Number::kF32, other, 2, out.data());
  CHECK(out == std::vector<float>{0.0F, 12.0F});
}

TEST_CASE("the result may lie over any part, also beyond one block") {
  constexpr std::size_t kCount = 5000;
  for (std::size_t target = 0; target < 3; ++target) {
    std::vector<std::vector<double>> parts(3, std::vector<double>(kCount));
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t i = 0; i < kCount; ++i) parts[r][i] = static_cast<double>(i + r * kCount);
    }
    const void* addends[] = {parts[0].data(), parts[1].data(), parts[2].data()};
    sum_in_rank_order(Number::kF64, addends, kCount, parts[target].data());
    for (std::size_t i = 0; i < kCount; ++i) {
      REQUIRE(parts[target][i] == static_cast<double>(3 * i + 3 * kCount));
    }
  }
}

TEST_CASE("bfloat16 is added in float32 and rounded once, to nearest even") {
  const auto bf16 = [](float value) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
  };
  // 256 + 1 + 1: each step alone would round back to 256 (bfloat16 has 8 bits), the sum 258 is
  // exact.
  const std::vector<std::uint16_t> a = {bf16(256), bf16(256), bf16(256), bf16(INFINITY)};
  const std::vector<std::uint16_t> b = {bf16(1), bf16(1), bf16(1), bf16(-INFINITY)};
  const std::vector<std::uint16_t> c = {bf16(1), bf16(0), bf16(2), bf16(0)};
  std::vector<std::uint16_t> out(4);
  const void* parts[] = {a.data(), b.data(), c.data()};
  sum_in_rank_order(Number::kBF16, parts, 4, out.data());
  CHECK(out[0] == bf16(258));
  CHECK(out[1] == bf16(256));  // 257 lies between 256 and 258: even
  CHECK(out[2] == bf16(260));  // 259 lies between 258 and 260: even
  CHECK(std::isnan(std::bit_cast<float>(static_cast<std::uint32_t>(out[3]) << 16)));
}

TEST_CASE("integers wrap") {
  const std::vector<std::int32_t> a = {std::numeric_limits<std::int32_t>::max(), -5};
  const std::vector<std::int32_t> b = {1, 3};
  std::vector<std::int32_t> out(2);
  const void* parts[] = {a.data(), b.data()};
  sum_in_rank_order(Number::kI32, parts, 2, out.data());
  CHECK(out == std::vector<std::int32_t>{std::numeric_limits<std::int32_t>::min(), -2});
}

TEST_CASE("sizes of numbers") {
  CHECK(size_of(Number::kBF16) == 2);
  CHECK(size_of(Number::kF32) == 4);
  CHECK(size_of(Number::kI32) == 4);
  CHECK(size_of(Number::kF64) == 8);
  CHECK(size_of(Number::kI64) == 8);
}

}  // namespace
}  // namespace helip::comm
