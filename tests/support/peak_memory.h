// How much memory this process takes while it does something.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <string>

namespace helip::test {

// The resident memory at its most since it was made, beyond what there was then.
class PeakMemory {
 public:
  PeakMemory() {
    // The kernel's word for: forget the peak so far.
    std::ofstream reset("/proc/self/clear_refs");
    reset << "5" << std::flush;
    REQUIRE(reset.good());
    before_ = bytes("VmRSS:");
  }
  [[nodiscard]] std::uint64_t growth() const {
    const std::uint64_t peak = bytes("VmHWM:");
    return peak > before_ ? peak - before_ : 0;
  }

 private:
  static std::uint64_t bytes(const std::string& name) {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
      std::uint64_t kibibytes = 0;
      if (word == name && status >> kibibytes) return kibibytes * 1024;
    }
    FAIL("no " << name << " in /proc/self/status");
    return 0;
  }

  std::uint64_t before_ = 0;
};

}  // namespace helip::test
