#include "mining/pairs/pair_score.h"

#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "common/rng.h"
#include "mining/kernels/dot_kernels.h"
#include "mining/pairs/embedding_matrix.h"

using namespace helip::mining;

namespace {

// Values of every kind: normal, tiny, huge, denormal, zero of both signs.
float nasty_value(helip::RandomStream& stream) {
  const auto sign = stream.below(2) == 0 ? 1.0F : -1.0F;
  const auto value = static_cast<float>(stream.normal());
  switch (stream.below(8)) {
    case 0:
      return sign * 0.0F;
    case 1:
      return value * 1e-40F;  // denormal
    case 2:
      return value * 1e30F;
    case 3:
      return sign * std::numeric_limits<float>::denorm_min();
    case 4:
      return sign * std::numeric_limits<float>::max();
    default:
      return value;
  }
}

std::vector<float> nasty_row(std::size_t size, std::uint64_t row, bool huge) {
  helip::RandomStream stream(11, "test.nasty", {row, size});
  std::vector<float> values(size);
  for (float& value : values) {
    value = huge ? nasty_value(stream) : static_cast<float>(stream.normal());
  }
  return values;
}

// The definition, element by element, with a fused multiply-add.
double dot_by_fma(const std::vector<float>& a, const std::vector<float>& b) {
  std::array<double, 8> s{};
  for (std::size_t e = 0; e < a.size(); ++e)
    s.at(e % 8) = std::fma(double{a[e]}, double{b[e]}, s.at(e % 8));
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

}  // namespace

TEST_CASE("exact_dot adds element e to accumulator e mod 8 and folds them in its fixed order") {
  // Powers of two whose sums round, so that any other order gives other bits.
  std::vector<float> a(16, 1.0F);
  std::vector<float> b(16);
  for (std::size_t e = 0; e < 16; ++e)
    b[e] = (e % 2 == 0 ? 1.0F : -1.0F) / static_cast<float>(3 + e * e);
  b[2] = 0x1p60F;
  b[10] = -0x1p60F;
  std::array<double, 8> s{};
  for (std::size_t e = 0; e < 8; ++e) s.at(e) = (0.0 + double{b[e]}) + double{b[e + 8]};
  const double expected = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  CHECK(bits(exact_dot(a, b)) == bits(expected));
  double in_sequence = 0;
  for (const float value : b) in_sequence += double{value};
  CHECK(bits(in_sequence) != bits(expected));

  CHECK(exact_dot({}, {}) == 0);
  CHECK(exact_dot(std::vector<float>{3}, std::vector<float>{-2}) == -6);
}

TEST_CASE("exact_dot is the same with and without fused multiply-add") {
  for (std::size_t size = 0; size < 70; ++size) {
    for (const bool huge : {false, true}) {
      const auto a = nasty_row(size, 1, huge);
      const auto b = nasty_row(size, 2, huge);
      CHECK(bits(exact_dot(a, b)) == bits(dot_by_fma(a, b)));
    }
  }
}

TEST_CASE("every dot kernel of this machine gives the bits of exact_dot") {
  REQUIRE(std::string(dot_kernels().back().name) == "baseline");
  for (const std::uint32_t dim : {1U, 7U, 16U, 31U, 64U, 100U}) {
    for (const bool huge : {false, true}) {
      constexpr std::size_t kRows = 23;
      std::vector<float> values;
      for (std::uint64_t r = 0; r < kRows; ++r) {
        const auto row = nasty_row(dim, r, huge);
        values.insert(values.end(), row.begin(), row.end());
      }
      const EmbeddingMatrix matrix(values, dim);
      REQUIRE(matrix.width() % kRowPadding == 0);
      std::vector<float> padded(kRows * matrix.width());
      std::vector<const float*> rows;
      for (std::size_t r = 0; r < kRows; ++r) {
        rows.push_back(matrix.read(r, padded.data() + r * matrix.width()));
      }
      for (const DotKernel& kernel : dot_kernels()) {
        // Target and candidate counts around every register block.
        for (const std::size_t targets : {std::size_t{1}, std::size_t{3}, std::size_t{6}}) {
          for (std::size_t candidates = 0; candidates <= 17; ++candidates) {
            std::vector<double> dots(targets * candidates, 5.0);
            kernel.dots(rows.data(), targets, rows.data() + 5, candidates, matrix.width(),
                        dots.data());
            bool equal = true;
            for (std::size_t t = 0; t < targets; ++t) {
              for (std::size_t c = 0; c < candidates; ++c) {
                const auto row = [&](std::size_t r) {
                  return std::span<const float>(values).subspan(r * dim, dim);
                };
                equal =
                    equal && bits(dots[t * candidates + c]) == bits(exact_dot(row(t), row(c + 5)));
              }
            }
            CAPTURE(kernel.name, dim, targets, candidates, huge);
            CHECK(equal);
          }
        }
      }
      for (std::size_t r = 0; r < kRows; ++r) {
        const auto row = std::span<const float>(values).subspan(r * dim, dim);
        CHECK(bits(matrix.squared_norm(r)) == bits(exact_dot(row, row)));
      }
    }
  }
}

TEST_CASE("a cosine of a zero vector is 0, also among denormals and giants") {
  CHECK(cosine(0, 0) == 0);
  const std::vector<float> tiny(9, std::numeric_limits<float>::denorm_min());
  const std::vector<float> giant(9, std::numeric_limits<float>::max());
  const double product = exact_dot(tiny, tiny) * exact_dot(giant, giant);
  CHECK(cosine(exact_dot(tiny, giant), product) == Approx(1).epsilon(1e-12));
  CHECK(cosine(exact_dot(tiny, tiny), exact_dot(tiny, tiny) * exact_dot(tiny, tiny)) ==
        Approx(1).epsilon(1e-12));
  CHECK(std::isfinite(exact_dot(giant, giant) * exact_dot(giant, giant)));
}

TEST_CASE("floors and ceilings are tested on the double cosine") {
  const double up = std::nextafter(0.3, 1.0);
  CHECK(admitted(0.3, 0.3, 0.98) == 0);
  CHECK(admitted(up, 0.3, 0.98) == up);
  CHECK(admitted(0.98, 0.3, 0.98) == 0.98);
  CHECK(admitted(std::nextafter(0.98, 1.0), 0.3, 0.98) == 0);
  CHECK(admitted(-0.5, 0, 0.98) == 0);
  CHECK(admitted(0, 0, 0.98) == 0);

  const ScoreRules rules{.image_floor = 0.25, .text_floor = 0.5, .duplicate_ceiling = 0.75};
  CHECK(score_from_dots(0.5, 1, 0.625, 1, rules) == 0.3125F);
  CHECK(score_from_dots(1, 4, 1.25, 4, rules) == 0.3125F);
  CHECK(score_from_dots(0.25, 1, 0.625, 1, rules) == 0);  // image at its floor
  CHECK(score_from_dots(0.5, 1, 0.5, 1, rules) == 0);     // text at its floor
  CHECK(score_from_dots(0.76, 1, 0.6, 1, rules) == 0);    // duplicate image
  CHECK(score_from_dots(0.5, 1, 0.76, 1, rules) == 0);    // duplicate text
  CHECK(score_from_dots(0.75, 1, 0.75, 1, rules) == 0.5625F);
}

TEST_CASE("two negative cosines never make a positive score") {
  const std::vector<float> east = {1, 0};
  const std::vector<float> north_east = {1, 1};
  const std::vector<float> west = {-1, 0.5F};
  CHECK(exact_pair_score(east, north_east, east, north_east, {}) == Approx(0.5));
  CHECK(exact_pair_score(east, west, east, west, {}) == 0);
  CHECK(exact_pair_score(east, north_east, east, west, {}) == 0);
  CHECK(exact_pair_score(east, west, east, north_east, {}) == 0);
  const std::vector<float> zero = {0, 0};
  CHECK(exact_pair_score(zero, north_east, east, north_east, {}) == 0);
}
