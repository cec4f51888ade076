// Dropout whose masks do not depend on how a batch is cut. Torch-free.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace helip::model {

// The row of one sample: 0 with probability p, else 1 / (1 - p). A pure function of its arguments;
// slot is the row in the global batch, layer the name of the dropout layer. 0 <= p < 1.
void dropout_row(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, std::uint64_t slot,
                 std::string_view layer, double p, std::span<float> row);

}  // namespace helip::model
