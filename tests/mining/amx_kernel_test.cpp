// The machine code of the AMX kernel, run by the processor's matrix unit or, where there is none,
// by an emulator of its instructions.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <vector>

#include "amx_emulator.h"
#include "common/rng.h"
#include "mining/kernels/amx_support.h"
#include "mining/kernels/int8_kernels.h"
#include "mining/screen/candidate_panels.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

// Where there is AMX, its instructions do not trap.
const bool kNative = amx_int8_usable();

// The rest of the kernel is AVX-512. Ends the program: nothing else may be in it, whose failure
// that would hide.
void require_avx512() {
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")) return;
  std::cout << "SKIP: the AMX kernel's test needs a processor with AVX-512 VNNI" << std::endl;
  std::_Exit(77);
}

}  // namespace

TEST_CASE("the AMX kernel gives the portable kernel's integers for tiles of every size") {
  require_avx512();
  std::cout << "AMX instructions are " << (kNative ? "this processor's" : "emulated") << std::endl;
  std::optional<AmxEmulator> emulator;
  if (!kNative) emulator.emplace();
  const Int8Kernel kernel = amx_kernel();
  const Int8Kernel& portable = int8_kernels().back();
  constexpr std::size_t kMostTargets = 100;
  constexpr std::int32_t kUntouched = 0x5A5A5A5A;
  helip::RandomStream stream(5, "test.amx", {});
  for (const std::size_t width : {64U, 128U, 384U, 768U}) {
    const AlignedBytes panel(kPanelRows * width);
    for (std::size_t i = 0; i < kPanelRows * width; ++i) {
      panel.data()[i] = static_cast<std::uint8_t>(stream.below(256));
    }
    for (std::size_t count = 0; count <= kMostTargets; ++count) {
      std::vector<std::int8_t> targets(count * width);
      std::vector<std::int32_t> sums(count);
      for (std::size_t i = 0; i < targets.size(); ++i) {
        targets[i] = static_cast<std::int8_t>(stream.below(256));
        sums[i / width] += targets[i];
      }
      // One row more than may be written.
      const std::size_t size = (count + 1) * kPanelRows;
      const AlignedBytes memory(2 * size * sizeof(std::int32_t));
      auto* expected = reinterpret_cast<std::int32_t*>(memory.data());
      std::int32_t* found = expected + size;
      std::fill_n(expected, 2 * size, kUntouched);
      const std::uint64_t before = emulator ? emulator->instructions() : 0;
      portable.tile(targets.data(), sums.data(), count, panel.data(), width, expected);
      kernel.tile(targets.data(), sums.data(), count, panel.data(), width, found);
      CAPTURE(width, count);
      CHECK(std::equal(expected, expected + size, found));
      if (emulator) {
        CHECK(emulator->instructions() > before);
        CHECK_FALSE(emulator->configured());
      }
    }
  }
  CHECK_NOTHROW(require_same_integers(kernel));
}
