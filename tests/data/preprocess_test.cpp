#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "data/golden_files.h"
#include "data/image/image.h"

namespace helip::data {
namespace {

using test::noise;

PreprocessConfig config_of(const Json& one) {
  PreprocessConfig config;
  config.size = one.at("size");
  config.resize_mode = one.at("resize_mode");
  config.interpolation = test::filter_of(one);
  for (std::size_t c = 0; c < 3; ++c) {
    config.mean[c] = one.at("mean")[c];
    config.std[c] = one.at("std")[c];
  }
  return config;
}

std::vector<float> floats_for(const PreprocessConfig& config) {
  return std::vector<float>(static_cast<std::size_t>(config.size) *
                            static_cast<std::size_t>(config.size) * 3);
}

// Back to bytes [size, size, 3].
std::vector<std::uint8_t> bytes_of_planes(const std::vector<float>& planes,
                                          const PreprocessConfig& config) {
  const std::size_t count = planes.size() / 3;
  std::vector<std::uint8_t> bytes(planes.size());
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < count; ++i) {
      const float value = (planes[c * count + i] * config.std[c] + config.mean[c]) * 255.0F;
      bytes[i * 3 + c] = static_cast<std::uint8_t>(std::lround(value));
    }
  }
  return bytes;
}

TEST_CASE("evaluation preprocessing equals open_clip's") {
  const auto cases = test::read_json("clip_preprocess/cases.json");
  const std::string expected = test::read_bytes(test::golden("clip_preprocess/expected.f32"));
  REQUIRE(cases.size() > 50);
  for (const auto& one : cases) {
    CAPTURE(one.dump());
    const PreprocessConfig config = config_of(one);
    std::vector<float> out = floats_for(config);
    preprocess(noise(one.at("from")[0], one.at("from")[1], one.at("seed")), config, out);
    if (one.contains("sha256")) {
      const std::vector<std::uint8_t> bytes = bytes_of_planes(out, config);
      CHECK(sha256_hex(std::as_bytes(std::span(bytes))) == one.at("sha256"));
      continue;
    }
    std::vector<float> wanted(out.size());
    const std::size_t offset = one.at("offset");
    REQUIRE(offset + wanted.size() * sizeof(float) <= expected.size());
    std::memcpy(wanted.data(), expected.data() + offset, wanted.size() * sizeof(float));
    float worst = 0;
    for (std::size_t i = 0; i < out.size(); ++i)
      worst = std::max(worst, std::fabs(out[i] - wanted[i]));
    CHECK(worst <= 1e-6F);
  }
}

TEST_CASE("a very long picture costs no more than its window") {
  PreprocessConfig config;
  std::vector<float> out = floats_for(config);
  preprocess(noise(1, 60000, 0), config, out);  // resized whole it would be 9 GB
  CHECK(std::isfinite(out[0]));
}

TEST_CASE("an augmented crop is a pure function of its keys") {
  PreprocessConfig config;
  config.size = 32;
  const Image image = noise(90, 90, 0);
  const auto augmented = [&](const AugmentKey& key) {
    std::vector<float> out = floats_for(config);
    preprocess_augmented(image, config, 0.9, key, out);
    return out;
  };
  const AugmentKey key{1, 2, 3, 4};
  const std::vector<float> first = augmented(key);
  CHECK((first == augmented(key)));
  CHECK((first != augmented({9, 2, 3, 4})));
  CHECK((first != augmented({1, 9, 3, 4})));
  CHECK((first != augmented({1, 2, 9, 4})));
  CHECK((first != augmented({1, 2, 3, 9})));
}

// Pixel values tell where they come from: red is the column, green the row.
Image coordinates(int width, int height) {
  Image image = noise(width, height, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto i = static_cast<std::size_t>((y * width + x) * 3);
      image.pixels[i] = static_cast<std::uint8_t>(x);
      image.pixels[i + 1] = static_cast<std::uint8_t>(y);
    }
  }
  return image;
}

TEST_CASE(
    "augmented crops keep the wanted share of the area, aspect 3/4 to 4/3, at varying places") {
  const double crop_scale = GENERATE(0.9, 0.5);
  PreprocessConfig config;
  config.size = 60;
  const int width = 240;
  const int height = 200;
  const Image image = coordinates(width, height);
  std::set<std::pair<int, int>> sizes;
  std::set<int> lefts;
  double smallest = 1;
  for (std::uint64_t sample = 0; sample < 200; ++sample) {
    std::vector<float> out = floats_for(config);
    preprocess_augmented(image, config, crop_scale, {7, 0, sample, 0}, out);
    const auto bytes = bytes_of_planes(out, config);
    const auto at = [&](int x, int y, int c) {
      return static_cast<double>(bytes[static_cast<std::size_t>((y * 60 + x) * 3 + c)]);
    };
    // Linear ramps stay linear under the filter away from the border.
    const double wide = (at(50, 30, 0) - at(10, 30, 0)) / 40 * 60;
    const double high = (at(30, 50, 1) - at(30, 10, 1)) / 40 * 60;
    REQUIRE(wide <= width + 3);
    REQUIRE(high <= height + 3);
    const double share = wide * high / (width * height);
    REQUIRE(share >= crop_scale * 0.97);
    smallest = std::min(smallest, share);
    REQUIRE(wide / high <= 4.0 / 3.0 * 1.03);
    REQUIRE(wide / high >= 3.0 / 4.0 / 1.03);
    sizes.emplace(std::lround(wide), std::lround(high));
    lefts.insert(static_cast<int>(at(0, 30, 0)));
  }
  CHECK(sizes.size() > 20);
  CHECK(lefts.size() > 5);
  CHECK(smallest < crop_scale + 0.03);
}

TEST_CASE("a picture too long for a random crop gives its middle") {
  PreprocessConfig config;
  config.size = 30;
  std::vector<float> out = floats_for(config);
  preprocess_augmented(coordinates(240, 30), config, 0.9, {1, 1, 1, 1}, out);
  const auto bytes = bytes_of_planes(out, config);
  // 40 columns of 240 from column 100 on.
  CHECK(std::abs(static_cast<int>(bytes[15 * 30 * 3]) - 100) <= 2);
  CHECK(std::abs(static_cast<int>(bytes[(15 * 30 + 29) * 3]) - 139) <= 2);
}

TEST_CASE("preprocessing refuses a bad configuration, buffer or picture") {
  PreprocessConfig config;
  config.size = 8;
  std::vector<float> out = floats_for(config);
  const Image image = noise(9, 9, 0);
  CHECK_THROWS_AS(preprocess(Image{}, config, out), DataError);
  CHECK_THROWS_AS(preprocess_augmented(Image{}, config, 0.9, {}, out), DataError);
  out.pop_back();
  CHECK_THROWS_AS(preprocess(image, config, out), ConfigError);
  CHECK_THROWS_AS(preprocess_augmented(image, config, 0.9, {}, out), ConfigError);
  out.push_back(0);
  config.resize_mode = "longest";
  CHECK_THROWS_AS(preprocess(image, config, out), ConfigError);
  config.resize_mode = "squash";
  config.std[1] = 0;
  CHECK_THROWS_AS(preprocess(image, config, out), ConfigError);
  config.std[1] = 1;
  config.size = 0;
  CHECK_THROWS_AS(preprocess(image, config, out), ConfigError);
}

}  // namespace
}  // namespace helip::data
