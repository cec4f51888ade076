// What is read of a file of torch.save, by its size, so that its values need about as much memory
// as it has bytes at most, or 5 MB. Real checkpoints are far below.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace helip::weights {

constexpr std::uint64_t max_opcodes(std::uint64_t file_size) {
  return std::clamp<std::uint64_t>(file_size / 100, 50'000, 1'000'000);
}

// A module of TorchScript may stand in many places, each of which has its tensors. One that the
// file holds once has more than 100 bytes of headers.
constexpr std::uint64_t max_tensors(std::uint64_t file_size) {
  return std::min<std::uint64_t>(file_size / 100, 100'000);
}
inline constexpr std::size_t kMaxAttributes = 1'000'000;
inline constexpr std::size_t kMaxNameBytes = 500;

// A pickle can refer to one text any number of times; here each is a copy.
inline constexpr std::size_t kMaxArgsBytes = 1 << 20;

}  // namespace helip::weights
