#include "model/layers/dropout.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using helip::model::dropout_row;
using helip::model::kept_patches;

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

TEST_CASE("the patches that stay are distinct, ascending and a function of their keys") {
  using Patches = std::vector<std::uint32_t>;
  const Patches base = kept_patches(1, 2, 3, 4, 0.5, 49);
  CHECK(base.size() == 24);
  CHECK(std::is_sorted(base.begin(), base.end()));
  CHECK(std::adjacent_find(base.begin(), base.end()) == base.end());
  CHECK(base.back() < 49);
  CHECK(base == kept_patches(1, 2, 3, 4, 0.5, 49));
  CHECK(base != kept_patches(9, 2, 3, 4, 0.5, 49));
  CHECK(base != kept_patches(1, 9, 3, 4, 0.5, 49));
  CHECK(base != kept_patches(1, 2, 9, 4, 0.5, 49));
  CHECK(base != kept_patches(1, 2, 3, 9, 0.5, 49));
  CHECK(kept_patches(1, 2, 3, 4, 0.999, 49).size() == 1);
  CHECK(kept_patches(1, 2, 3, 4, 0.25, 196).size() == 147);
}

TEST_CASE("every patch stays equally often") {
  std::vector<double> stays(16, 0);
  constexpr int kImages = 4000;
  for (int sample = 0; sample < kImages; ++sample) {
    for (const std::uint32_t patch :
         kept_patches(1, 0, static_cast<std::uint64_t>(sample), 0, 0.75, 16)) {
      stays[patch] += 1;
    }
  }
  const double deviation = std::sqrt(kImages * 0.25 * 0.75);
  for (const double count : stays) CHECK(std::abs(count - kImages * 0.25) < 5 * deviation);
}
