#include "mining/kernels/amx_support.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace helip::mining {
namespace {

constexpr std::uint32_t kAmxTile = 1U << 24;  // of CPUID leaf 7, EDX
constexpr std::uint32_t kAmxInt8 = 1U << 25;
constexpr std::uint32_t kTileState = 3U << 17;  // of XCR0: the configuration and the data
// From the kernel's asm/prctl.h, which headers of older systems lack.
constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
constexpr long kTileData = 18;               // XFEATURE_XTILEDATA

std::uint32_t enabled_states() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

bool amx_int8_usable() {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t d = 0;
  const bool has_xgetbv = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_OSXSAVE) != 0;
  if (!has_xgetbv || (enabled_states() & kTileState) != kTileState) return false;
  constexpr std::uint32_t kNeeded = kAmxTile | kAmxInt8;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kNeeded) != kNeeded) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace helip::mining
