// Dot products of rows of 8-bit integers on the widest unit of this machine. Every kernel gives the
// same integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace helip::mining {

// Rows are padded with zeros to a multiple of this many elements.
inline constexpr std::size_t kInt8Padding = 64;
// Candidates whose dot products with a target are computed together.
inline constexpr std::size_t kPanelRows = 64;

// A panel holds kPanelRows rows in groups of four elements, [width / 4][kPanelRows][4], each value
// plus 128: the layout that units multiplying unsigned by signed bytes read without shuffling.
inline constexpr std::uint8_t kPanelOffset = 128;

// Inputs for the upper bounds of the cosines between one target and a panel, in one modality:
//   scale · dots[c] · scales[c] + slope · errors[c] + offset.
struct CosineScreen {
  const std::int32_t* dots;
  const float *scales, *errors;  // of the panel's rows
  float scale, slope, offset, floor;
};

struct Int8Kernel {
  const char* name;  // amx | avx512vnni | avx2 | portable
  // Writes dots[t * kPanelRows + c] = sum over e of target t[e] · row c[e]. `targets` holds
  // [target_count, width], `width` is a multiple of kInt8Padding, target_sums[t] is the sum of
  // target t's elements; `panel` and `dots` begin at cache lines.
  void (*tile)(const std::int8_t* targets, const std::int32_t* target_sums,
               std::size_t target_count, const std::uint8_t* panel, std::size_t width,
               std::int32_t* dots);
  // Writes dots[c] = sum over e of target[e] · rows[c][e], for `count` rows.
  void (*rows)(const std::int8_t* target, std::int32_t target_sum, const std::int8_t* const* rows,
               std::size_t count, std::size_t width, std::int32_t* dots);
  // Returns a mask of the kPanelRows rows of a panel. Bit c is set if, in float with any rounding,
  //   dots[c] · scales[c] + slope · errors[c] >= threshold.
  std::uint64_t (*screen)(const std::int32_t* dots, const float* scales, const float* errors,
                          float slope, float threshold);
  // Returns a mask of the rows of a panel. Bit c is set if both upper bounds reach their floors,
  // and their product, each taken as at most `cap`, reaches `bound`; in float with any rounding.
  std::uint64_t (*screen_product)(const CosineScreen& first, const CosineScreen& second, float cap,
                                  float bound);
};

// Returns the kernels that this machine can run, the fastest first.
const std::vector<Int8Kernel>& int8_kernels();

// Returns the kernel of that name; "auto" is the fastest. Throws ConfigError naming
// mining.instruction_set if this machine cannot run the kernel, or if the kernel is amx and fails
// require_same_integers.
const Int8Kernel& int8_kernel(const std::string& name);

// Throws ConfigError naming mining.instruction_set unless the kernel multiplies a small fixed tile
// as the portable one does.
void require_same_integers(const Int8Kernel& kernel);

// Kernels for one instruction set each. Call one only where the processor has its instruction set.
extern const Int8Kernel kAvx512VnniKernel;
extern const Int8Kernel kAvx2Kernel;
// Returns the AVX-512 VNNI kernel with amx_tile in it. Every processor with AMX has AVX-512 VNNI.
Int8Kernel amx_kernel();
void amx_tile(const std::int8_t* targets, const std::int32_t* target_sums, std::size_t target_count,
              const std::uint8_t* panel, std::size_t width, std::int32_t* dots);

}  // namespace helip::mining
