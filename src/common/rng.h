// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A draw is a pure function of its key; nothing in the project draws from a
// process-wide generator.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace helip {

// Returns one block of Philox4x32-10. Golden values: tests/golden/philox.json.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// A stream of draws for one purpose. The Philox key is the seed; the counter's upper 64 bits are a
// 64-bit FNV-1a hash of the purpose and of the coordinates (little endian, 8 bytes each), the lower
// 64 bits count blocks.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view purpose,
               std::initializer_list<std::uint64_t> coordinates);

  std::uint32_t next_u32();
  std::uint64_t next_u64();
  // Returns a uniform number in [0, bound); bound > 0. Unbiased: Lemire's method with rejection.
  std::uint64_t below(std::uint64_t bound);
  // Returns a uniform number in [0, 1) with 53 random bits.
  double uniform();
  // Returns a standard normal number (Box-Muller).
  double normal();

 private:
  std::uint64_t seed_;
  std::uint64_t lane_;
  std::uint64_t block_ = 0;
  std::array<std::uint32_t, 4> buffer_{};
  int used_ = 4;
};

// Returns a random permutation of 0 … count-1 (Fisher-Yates).
std::vector<std::uint32_t> random_permutation(RandomStream& stream, std::uint32_t count);

// Returns `count` distinct values of 0 … bound-1 in the order of the draws; count <= bound. Uses
// the first steps of a Fisher-Yates shuffle; Floyd's method would not give a random order.
std::vector<std::uint32_t> sample_without_replacement(RandomStream& stream, std::uint32_t bound,
                                                      std::uint32_t count);

}  // namespace helip
