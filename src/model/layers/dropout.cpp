#include "model/layers/dropout.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/rng.h"

namespace helip::model {

void dropout_row(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, std::uint64_t slot,
                 std::string_view layer, double p, std::span<float> row) {
  RandomStream stream(seed, "model/dropout/" + std::string(layer), {epoch, sample, slot});
  // 32 bits a draw: p is met within 2^-32.
  const auto threshold = static_cast<std::uint64_t>(std::llround(std::ldexp(p, 32)));
  const auto kept = static_cast<float>(1.0 / (1.0 - p));
  for (float& value : row) value = stream.next_u32() < threshold ? 0.0F : kept;
}

std::vector<std::uint32_t> kept_patches(std::uint64_t seed, std::uint64_t epoch,
                                        std::uint64_t sample, std::uint64_t slot, double p,
                                        std::uint32_t patches) {
  RandomStream stream(seed, "model/patch_dropout", {epoch, sample, slot});
  const auto kept = std::max(1U, static_cast<std::uint32_t>(patches * (1.0 - p)));
  std::vector<std::uint32_t> result = sample_without_replacement(stream, patches, kept);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace helip::model
