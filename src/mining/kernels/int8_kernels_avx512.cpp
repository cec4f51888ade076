// AVX-512 with VNNI: four products of unsigned and signed bytes are added to a 32-bit sum in one
// instruction. Compiled for that instruction set, so nothing here may be called on a processor
// without it, and no header with inline functions of our own or the library's containers may come
// in: the linker could pick this file's copy of them for everybody.
#include <immintrin.h>

#include <cstring>
#include <utility>

#include "mining/kernels/int8_kernels.h"

namespace helip::mining {
namespace {

constexpr std::size_t kVectors = kPanelRows / 16;
// 24 sums, the panel's four vectors and one target's bytes fit the 32 registers.
constexpr std::size_t kTargets = 6;

template <std::size_t... V>
inline void load_panel(__m512i* columns, const std::uint8_t* panel, std::index_sequence<V...>) {
  ((columns[V] = _mm512_load_si512(panel + 64 * V)), ...);
}

inline __m512i four_bytes(const std::int8_t* row) {
  std::int32_t bytes = 0;
  std::memcpy(&bytes, row, sizeof bytes);
  return _mm512_set1_epi32(bytes);
}

template <std::size_t... V>
inline void add_products(__m512i* sums, const __m512i* columns, __m512i bytes,
                         std::index_sequence<V...>) {
  ((sums[V] = _mm512_dpbusd_epi32(sums[V], columns[V], bytes)), ...);
}

template <std::size_t... V>
inline void set(__m512i* sums, std::int32_t value, std::index_sequence<V...>) {
  ((sums[V] = _mm512_set1_epi32(value)), ...);
}

template <std::size_t... V>
inline void store(std::int32_t* dots, const __m512i* sums, std::index_sequence<V...>) {
  (_mm512_store_si512(dots + 16 * V, sums[V]), ...);
}

// The panel holds values plus 128, so the sums start at -128 times the sum of the target.
template <std::size_t... T>
inline void block(const std::int8_t* targets, const std::int32_t* target_sums,
                  const std::uint8_t* panel, std::size_t width, std::int32_t* dots,
                  std::index_sequence<T...>) {
  constexpr std::make_index_sequence<kVectors> kEach;
  __m512i sums[sizeof...(T)][kVectors];
  (set(sums[T], -std::int32_t{kPanelOffset} * target_sums[T], kEach), ...);
  for (std::size_t e = 0; e < width; e += 4) {
    __m512i columns[kVectors];
    load_panel(columns, panel + e * kPanelRows, kEach);
    (add_products(sums[T], columns, four_bytes(targets + T * width + e), kEach), ...);
  }
  (store(dots + T * kPanelRows, sums[T], kEach), ...);
}

void tile(const std::int8_t* targets, const std::int32_t* target_sums, std::size_t target_count,
          const std::uint8_t* panel, std::size_t width, std::int32_t* dots) {
  std::size_t t = 0;
  for (; t + kTargets <= target_count; t += kTargets) {
    block(targets + t * width, target_sums + t, panel, width, dots + t * kPanelRows,
          std::make_index_sequence<kTargets>());
  }
  for (; t < target_count; ++t) {
    block(targets + t * width, target_sums + t, panel, width, dots + t * kPanelRows,
          std::make_index_sequence<1>());
  }
}

// Several rows at once hide the latency of the sums.
template <std::size_t... R>
inline void dots_of(const std::int8_t* target, std::int32_t target_sum,
                    const std::int8_t* const* rows, std::size_t width, std::int32_t* dots,
                    std::index_sequence<R...>) {
  const __m512i offset = _mm512_set1_epi8(static_cast<char>(kPanelOffset));
  __m512i sums[sizeof...(R)];
  ((sums[R] = _mm512_setzero_si512()), ...);
  for (std::size_t e = 0; e < width; e += 64) {
    const __m512i bytes = _mm512_loadu_si512(target + e);
    ((sums[R] = _mm512_dpbusd_epi32(
          sums[R], _mm512_xor_si512(_mm512_loadu_si512(rows[R] + e), offset), bytes)),
     ...);
  }
  ((dots[R] = _mm512_reduce_add_epi32(sums[R]) - std::int32_t{kPanelOffset} * target_sum), ...);
}

void rows(const std::int8_t* target, std::int32_t target_sum, const std::int8_t* const* rows,
          std::size_t count, std::size_t width, std::int32_t* dots) {
  constexpr std::size_t kRows = 4;
  std::size_t c = 0;
  for (; c + kRows <= count; c += kRows) {
    dots_of(target, target_sum, rows + c, width, dots + c, std::make_index_sequence<kRows>());
  }
  for (; c < count; ++c) {
    dots_of(target, target_sum, rows + c, width, dots + c, std::make_index_sequence<1>());
  }
}

std::uint64_t screen(const std::int32_t* dots, const float* scales, const float* errors,
                     float slope, float threshold) {
  const __m512 slopes = _mm512_set1_ps(slope);
  const __m512 thresholds = _mm512_set1_ps(threshold);
  std::uint64_t mask = 0;
  for (std::size_t c = 0; c < kPanelRows; c += 16) {
    const __m512 values = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(dots + c)),
                                        _mm512_loadu_ps(scales + c));
    const __m512 most = _mm512_fmadd_ps(slopes, _mm512_loadu_ps(errors + c), values);
    mask |= std::uint64_t{_mm512_cmp_ps_mask(most, thresholds, _CMP_GE_OQ)} << c;
  }
  return mask;
}

inline __m512 upper(const CosineScreen& side, std::size_t c) {
  const __m512 values = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(side.dots + c)),
                                      _mm512_loadu_ps(side.scales + c));
  const __m512 errors = _mm512_fmadd_ps(
      _mm512_set1_ps(side.slope), _mm512_loadu_ps(side.errors + c), _mm512_set1_ps(side.offset));
  return _mm512_fmadd_ps(_mm512_set1_ps(side.scale), values, errors);
}

std::uint64_t screen_product(const CosineScreen& first, const CosineScreen& second, float cap,
                             float bound) {
  const __m512 caps = _mm512_set1_ps(cap);
  std::uint64_t mask = 0;
  for (std::size_t c = 0; c < kPanelRows; c += 16) {
    const __m512 a = upper(first, c);
    const __m512 b = upper(second, c);
    const __mmask16 floors =
        _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(a, _mm512_set1_ps(first.floor), _CMP_GE_OQ), b,
                                _mm512_set1_ps(second.floor), _CMP_GE_OQ);
    const __m512 product = _mm512_mul_ps(_mm512_min_ps(a, caps), _mm512_min_ps(b, caps));
    const __mmask16 found =
        _mm512_mask_cmp_ps_mask(floors, product, _mm512_set1_ps(bound), _CMP_GE_OQ);
    mask |= std::uint64_t{found} << c;
  }
  return mask;
}

}  // namespace

const Int8Kernel kAvx512VnniKernel = {"avx512vnni", tile, rows, screen, screen_product};

}  // namespace helip::mining
