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

// One block of Philox4x32-10. Golden values: tests/golden/philox.json.
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
  // Uniform in [0, bound), bound > 0; Lemire's method with rejection, so without bias.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1), 53 bits.
  double uniform();
  // Standard normal (Box-Muller).
  double normal();

 private:
  std::uint64_t seed_;
  std::uint64_t lane_;
  std::uint64_t block_ = 0;
  std::array<std::uint32_t, 4> buffer_{};
  int used_ = 4;
};

// Fisher-Yates permutation of 0 … count-1.
std::vector<std::uint32_t> random_permutation(RandomStream& stream, std::uint32_t count);

// `count` distinct values of 0 … bound-1, count <= bound, in the order drawn (Floyd's method is not
// used: the order matters).
std::vector<std::uint32_t> sample_without_replacement(RandomStream& stream, std::uint32_t bound,
                                                      std::uint32_t count);

}  // namespace helip
