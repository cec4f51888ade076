#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "data/golden_files.h"
#include "data/image/image.h"
#include "data/image/resample.h"

namespace helip::data {
namespace {

using test::noise;

std::string digest(const Image& image) {
  return sha256_hex(std::as_bytes(std::span(image.pixels)));
}

TEST_CASE("resize equals Pillow to the bit") {
  const auto cases = test::read_json("resize/cases.json");
  REQUIRE(cases.size() > 200);
  for (const auto& one : cases) {
    const Image source = noise(one.at("from")[0], one.at("from")[1], one.at("seed"));
    const int width = one.at("to")[0];
    const int height = one.at("to")[1];
    CAPTURE(one.dump());
    Image result;
    if (one.contains("box")) {
      const auto& box = one.at("box");
      result =
          resize(source, width, height, test::filter_of(one), {box[0], box[1], box[2], box[3]});
    } else {
      result = resize(source, width, height, test::filter_of(one));
    }
    REQUIRE(result.width == width);
    REQUIRE(result.height == height);
    CHECK(digest(result) == one.at("sha256"));
  }
}

// The continuous definition in double precision; the fixed-point result may differ by the rounding
// of its two passes.
double oracle_pixel(const Image& image, int width, int height, bool is_cubic, int x, int y, int c) {
  const auto kernel = [is_cubic](double d) {
    d = std::fabs(d);
    if (!is_cubic) return d < 1 ? 1 - d : 0.0;
    if (d < 1) return 1.5 * d * d * d - 2.5 * d * d + 1;
    return d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2 : 0.0;
  };
  const auto weights = [&](int size, int to, int position) {
    const double scale = static_cast<double>(size) / to;
    const double stretch = std::max(scale, 1.0);
    const double centre = (position + 0.5) * scale;
    std::vector<double> all(static_cast<std::size_t>(size));
    double sum = 0;
    for (int i = 0; i < size; ++i)
      sum += all[static_cast<std::size_t>(i)] = kernel((i + 0.5 - centre) / stretch);
    for (double& w : all) w /= sum;
    return all;
  };
  const auto across = weights(image.width, width, x);
  const auto down = weights(image.height, height, y);
  double value = 0;
  for (std::size_t j = 0; j < down.size(); ++j) {
    double row = 0;
    for (std::size_t i = 0; i < across.size(); ++i) {
      row += across[i] * image.pixels[(j * across.size() + i) * 3 + static_cast<std::size_t>(c)];
    }
    value += down[j] * std::clamp(row, 0.0, 255.0);
  }
  return std::clamp(value, 0.0, 255.0);
}

TEST_CASE("resize is the antialiased convolution of its definition") {
  const Image source = noise(37, 23, 5);
  for (const auto& [width, height] : {std::pair{11, 9}, std::pair{60, 50}, std::pair{37, 8}}) {
    for (const bool is_cubic : {false, true}) {
      const Image result = resize(source, width, height,
                                  is_cubic ? Interpolation::kBicubic : Interpolation::kBilinear);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          for (int c = 0; c < 3; ++c) {
            const double expected = oracle_pixel(source, width, height, is_cubic, x, y, c);
            const double found = result.pixels[static_cast<std::size_t>((y * width + x) * 3 + c)];
            // Half a level for each pass; the first may be weighted by up to 1.3 in sum of absolute
            // values.
            REQUIRE(std::fabs(found - expected) <= 1.2);
          }
        }
      }
    }
  }
}

TEST_CASE("a window of a resized picture holds the bytes of the whole") {
  const Image source = noise(90, 70, 3);
  const Box whole{0, 0, 90, 70};
  for (const auto& [width, height] : {std::pair{40, 30}, std::pair{90, 30}, std::pair{40, 70},
                                      std::pair{90, 70}, std::pair{200, 150}}) {
    const Image full = resize(source, width, height, Interpolation::kBicubic);
    const Window window{5, 7, width - 12, height - 11};
    std::vector<std::uint8_t> part(static_cast<std::size_t>(window.width * window.height * 3));
    resample(source, width, height, Interpolation::kBicubic, whole, window, part.data());
    for (int y = 0; y < window.height; ++y) {
      const auto* expected = full.pixels.data() + ((y + window.top) * width + window.left) * 3;
      const auto* found = part.data() + y * window.width * 3;
      CHECK(std::equal(found, found + window.width * 3, expected));
    }
  }
}

TEST_CASE("resize refuses empty sizes and regions outside of the picture") {
  const Image source = noise(8, 8, 0);
  CHECK_THROWS_AS(resize(source, 0, 4, Interpolation::kBicubic), ConfigError);
  CHECK_THROWS_AS(resize(source, 4, -1, Interpolation::kBicubic), ConfigError);
  CHECK_THROWS_AS(resize(source, 4, 4, Interpolation::kBicubic, {0, 0, 9, 8}), ConfigError);
  CHECK_THROWS_AS(resize(source, 4, 4, Interpolation::kBicubic, {-1, 0, 8, 8}), ConfigError);
  CHECK_THROWS_AS(resize(source, 4, 4, Interpolation::kBicubic, {3, 0, 3, 8}), ConfigError);
  CHECK_THROWS_AS(resize(source, 4, 4, Interpolation::kBicubic, {0, NAN, 8, 8}), ConfigError);
  CHECK_THROWS_AS(resize(Image{}, 4, 4, Interpolation::kBicubic), DataError);
  Image short_of_bytes = source;
  short_of_bytes.pixels.pop_back();
  CHECK_THROWS_AS(resize(short_of_bytes, 4, 4, Interpolation::kBicubic), DataError);
}

}  // namespace
}  // namespace helip::data
