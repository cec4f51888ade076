// Draws dropout and patch dropout by keys, so that draws do not depend on how a batch is cut.
// Torch-free.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace helip::model {

// Fills the row of one sample: 0 with probability p, else 1 / (1 - p). A pure function of its
// arguments; slot is the row in the global batch, layer the name of the dropout layer. 0 <= p < 1.
void dropout_row(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, std::uint64_t slot,
                 std::string_view layer, double p, std::span<float> row);

// Returns the patches of one image that stay, ascending, in patch dropout (arXiv 2212.00794): at
// least one, else patches * (1 - p) rounded down, drawn without replacement. Keyed as above.
std::vector<std::uint32_t> kept_patches(std::uint64_t seed, std::uint64_t epoch,
                                        std::uint64_t sample, std::uint64_t slot, double p,
                                        std::uint32_t patches);

}  // namespace helip::model
