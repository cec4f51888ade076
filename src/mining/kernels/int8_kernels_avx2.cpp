// AVX2: bytes are multiplied by vpmaddubsw as |row| · ±target, whose pairs of products stay inside
// 16 bits because no value exceeds 127. Compiled for that instruction set; see
// int8_kernels_avx512.cpp.
#include <immintrin.h>

#include <cstring>
#include <utility>

#include "mining/kernels/int8_kernels.h"

namespace helip::mining {
namespace {

// 8 candidates are a vector; 3 targets by 2 vectors with their parts fit 16 registers.
constexpr std::size_t kVectors = 2;
constexpr std::size_t kTargets = 3;

inline __m256i add_products(__m256i sum, __m256i magnitudes, __m256i row, __m256i bytes) {
  const __m256i pairs = _mm256_maddubs_epi16(magnitudes, _mm256_sign_epi8(bytes, row));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

inline __m256i four_bytes(const std::int8_t* row) {
  std::int32_t bytes = 0;
  std::memcpy(&bytes, row, sizeof bytes);
  return _mm256_set1_epi32(bytes);
}

inline __m256i load(const std::uint8_t* panel) {
  const __m256i offset = _mm256_set1_epi8(static_cast<char>(kPanelOffset));
  return _mm256_xor_si256(_mm256_load_si256(reinterpret_cast<const __m256i*>(panel)), offset);
}

// Targets by 16 candidates of the panel, from candidate `first` on.
template <std::size_t... T>
inline void block(const std::int8_t* targets, const std::uint8_t* panel, std::size_t width,
                  std::int32_t* dots, std::index_sequence<T...>) {
  __m256i sums[sizeof...(T)][kVectors];
  ((sums[T][0] = _mm256_setzero_si256(), sums[T][1] = _mm256_setzero_si256()), ...);
  for (std::size_t e = 0; e < width; e += 4) {
    const __m256i first = load(panel + e * kPanelRows);
    const __m256i second = load(panel + e * kPanelRows + 32);
    const __m256i first_magnitudes = _mm256_abs_epi8(first);
    const __m256i second_magnitudes = _mm256_abs_epi8(second);
    const __m256i bytes[] = {four_bytes(targets + T * width + e)...};
    ((sums[T][0] = add_products(sums[T][0], first_magnitudes, first, bytes[T]),
      sums[T][1] = add_products(sums[T][1], second_magnitudes, second, bytes[T])),
     ...);
  }
  const auto store = [](std::int32_t* to, __m256i sum) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), sum);
  };
  ((store(dots + T * kPanelRows, sums[T][0]), store(dots + T * kPanelRows + 8, sums[T][1])), ...);
}

void tile(const std::int8_t* targets, const std::int32_t* /*target_sums*/, std::size_t target_count,
          const std::uint8_t* panel, std::size_t width, std::int32_t* dots) {
  for (std::size_t c = 0; c < kPanelRows; c += 16) {
    std::size_t t = 0;
    for (; t + kTargets <= target_count; t += kTargets) {
      block(targets + t * width, panel + 4 * c, width, dots + t * kPanelRows + c,
            std::make_index_sequence<kTargets>());
    }
    for (; t < target_count; ++t) {
      block(targets + t * width, panel + 4 * c, width, dots + t * kPanelRows + c,
            std::make_index_sequence<1>());
    }
  }
}

inline std::int32_t total(__m256i sums) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}

template <std::size_t... R>
inline void dots_of(const std::int8_t* target, const std::int8_t* const* rows, std::size_t width,
                    std::int32_t* dots, std::index_sequence<R...>) {
  __m256i sums[sizeof...(R)];
  ((sums[R] = _mm256_setzero_si256()), ...);
  for (std::size_t e = 0; e < width; e += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(target + e));
    const __m256i values[] = {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[R] + e))...};
    ((sums[R] = add_products(sums[R], _mm256_abs_epi8(values[R]), values[R], bytes)), ...);
  }
  ((dots[R] = total(sums[R])), ...);
}

void rows(const std::int8_t* target, std::int32_t /*target_sum*/, const std::int8_t* const* rows,
          std::size_t count, std::size_t width, std::int32_t* dots) {
  constexpr std::size_t kRows = 4;
  std::size_t c = 0;
  for (; c + kRows <= count; c += kRows) {
    dots_of(target, rows + c, width, dots + c, std::make_index_sequence<kRows>());
  }
  for (; c < count; ++c) dots_of(target, rows + c, width, dots + c, std::make_index_sequence<1>());
}

std::uint64_t screen(const std::int32_t* dots, const float* scales, const float* errors,
                     float slope, float threshold) {
  const __m256 slopes = _mm256_set1_ps(slope);
  const __m256 thresholds = _mm256_set1_ps(threshold);
  std::uint64_t mask = 0;
  for (std::size_t c = 0; c < kPanelRows; c += 8) {
    const __m256i sums = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(dots + c));
    const __m256 values = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(scales + c));
    const __m256 most = _mm256_fmadd_ps(slopes, _mm256_loadu_ps(errors + c), values);
    const int bits = _mm256_movemask_ps(_mm256_cmp_ps(most, thresholds, _CMP_GE_OQ));
    mask |= static_cast<std::uint64_t>(bits) << c;
  }
  return mask;
}

inline __m256 upper(const CosineScreen& side, std::size_t c) {
  const __m256i sums = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(side.dots + c));
  const __m256 values = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(side.scales + c));
  const __m256 errors = _mm256_fmadd_ps(
      _mm256_set1_ps(side.slope), _mm256_loadu_ps(side.errors + c), _mm256_set1_ps(side.offset));
  return _mm256_fmadd_ps(_mm256_set1_ps(side.scale), values, errors);
}

std::uint64_t screen_product(const CosineScreen& first, const CosineScreen& second, float cap,
                             float bound) {
  const __m256 caps = _mm256_set1_ps(cap);
  std::uint64_t mask = 0;
  for (std::size_t c = 0; c < kPanelRows; c += 8) {
    const __m256 a = upper(first, c);
    const __m256 b = upper(second, c);
    const __m256 floors = _mm256_and_ps(_mm256_cmp_ps(a, _mm256_set1_ps(first.floor), _CMP_GE_OQ),
                                        _mm256_cmp_ps(b, _mm256_set1_ps(second.floor), _CMP_GE_OQ));
    const __m256 product = _mm256_mul_ps(_mm256_min_ps(a, caps), _mm256_min_ps(b, caps));
    const __m256 found = _mm256_cmp_ps(product, _mm256_set1_ps(bound), _CMP_GE_OQ);
    const int bits = _mm256_movemask_ps(_mm256_and_ps(floors, found));
    mask |= static_cast<std::uint64_t>(bits) << c;
  }
  return mask;
}

}  // namespace

const Int8Kernel kAvx2Kernel = {"avx2", tile, rows, screen, screen_product};

}  // namespace helip::mining
