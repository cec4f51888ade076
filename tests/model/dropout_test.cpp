#include "model/dropout.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using helip::model::dropout_row;

namespace {

std::vector<float> row(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample,
                       std::uint64_t slot, const char* layer, double p = 0.25,
                       std::size_t width = 512) {
  std::vector<float> values(width);
  dropout_row(seed, epoch, sample, slot, layer, p, values);
  return values;
}

}  // namespace

TEST_CASE("a dropout row is a function of its five keys and depends on each") {
  const auto base = row(1, 2, 3, 4, "image_head.2");
  CHECK(base == row(1, 2, 3, 4, "image_head.2"));
  CHECK(base != row(9, 2, 3, 4, "image_head.2"));
  CHECK(base != row(1, 9, 3, 4, "image_head.2"));
  CHECK(base != row(1, 2, 9, 4, "image_head.2"));
  CHECK(base != row(1, 2, 3, 9, "image_head.2"));
  CHECK(base != row(1, 2, 3, 4, "text_head.2"));
}

TEST_CASE("dropout keeps the expected share and scales it up") {
  for (const double p : {0.1, 0.25, 0.5, 0.9}) {
    const auto values = row(1, 2, 3, 4, "layer", p, 100000);
    double dropped = 0;
    for (const float value : values) {
      REQUIRE((value == 0.0F || value == static_cast<float>(1 / (1 - p))));
      dropped += value == 0.0F ? 1 : 0;
    }
    const double deviation = std::sqrt(p * (1 - p) / 100000);
    CHECK(std::abs(dropped / 100000 - p) < 5 * deviation);
  }
}

TEST_CASE("without dropout every value is kept as it is") {
  for (const float value : row(1, 2, 3, 4, "layer", 0.0)) CHECK(value == 1.0F);
}
