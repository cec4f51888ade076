// Times the tile kernel alone: 96 targets against one panel that stays in the cache, on every
// thread. Its speed is the most that a screen can reach with that unit. Prints JSON.
// usage: helip_time_tile [threads [instruction set [width]]]
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "mining/kernels/aligned_bytes.h"
#include "mining/kernels/int8_kernels.h"
#include "mining/kernels/parallel.h"

int main(int argc, char** argv) {
  using namespace helip;
  try {
    const auto threads = static_cast<std::uint32_t>(argc > 1 ? std::stoul(argv[1]) : 1);
    const mining::Int8Kernel& kernel = mining::int8_kernel(argc > 2 ? argv[2] : "auto");
    const std::size_t width = argc > 3 ? std::stoul(argv[3]) : 384;
    constexpr std::size_t kTargets = 96;
    constexpr std::uint64_t kRounds = 20000;
    const double began = monotonic_seconds();
    mining::for_each_index(threads, threads, [&](std::uint64_t /*thread*/) {
      const mining::AlignedBytes rows(kTargets * width);
      const mining::AlignedBytes panel(mining::kPanelRows * width);
      const mining::AlignedBytes dots(kTargets * mining::kPanelRows * sizeof(std::int32_t));
      std::fill_n(rows.data(), kTargets * width, std::uint8_t{1});
      std::fill_n(panel.data(), mining::kPanelRows * width, std::uint8_t{129});
      const std::vector<std::int32_t> sums(kTargets, static_cast<std::int32_t>(width));
      for (std::uint64_t round = 0; round < kRounds; ++round) {
        kernel.tile(reinterpret_cast<const std::int8_t*>(rows.data()), sums.data(), kTargets,
                    panel.data(), width, reinterpret_cast<std::int32_t*>(dots.data()));
      }
    });
    const double seconds = monotonic_seconds() - began;
    const double operations = 2.0 * static_cast<double>(threads * kRounds) *
                              static_cast<double>(kTargets * mining::kPanelRows * width);
    std::cout << Json{{"instruction_set", kernel.name},
                      {"threads", threads},
                      {"width", width},
                      {"giga_operations_per_second", operations / seconds / 1e9}}
                     .dump()
              << "\n";
    return kExitDone;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return kExitFailed;
  }
}
