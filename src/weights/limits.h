// Limits what is read of a file of torch.save, by the size of the file, so that its values need at
// most about as much memory as the file has bytes, or 5 MB if that is more. Real checkpoints are
// far below the limits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace helip::weights {

// Returns how many opcodes are read of a pickle in a file of that many bytes.
constexpr std::uint64_t max_opcodes(std::uint64_t file_size) {
  return std::clamp<std::uint64_t>(file_size / 100, 50'000, 1'000'000);
}

// Returns how many tensors are read of a file of that many bytes. A module of TorchScript may stand
// in many places, each of which has its tensors; a tensor that the file holds once has more than
// 100 bytes of headers.
constexpr std::uint64_t max_tensors(std::uint64_t file_size) {
  return std::min<std::uint64_t>(file_size / 100, 100'000);
}
inline constexpr std::size_t kMaxAttributes = 1'000'000;
inline constexpr std::size_t kMaxNameBytes = 500;

// A pickle can refer to one text any number of times; here each is a copy.
inline constexpr std::size_t kMaxArgsBytes = 1 << 20;

}  // namespace helip::weights
