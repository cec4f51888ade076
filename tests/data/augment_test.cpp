#include "data/image/augment.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "data/golden_files.h"
#include "data/image/encode_image.h"

namespace helip::data {
namespace {

// Smooth, with detail of a few pixels.
Image picture(int width, int height) {
  Image image{.width = width, .height = height, .pixels = {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(x * 0.05 + c) + std::cos(y * 0.07) + 0.2 * std::sin(x * 0.5);
        image.pixels.push_back(static_cast<std::uint8_t>(128 + 50 * wave));
      }
    }
  }
  return image;
}

ChooseCrops one_crop(const AugmentKey& key) {
  return [key](int width, int height) {
    return std::vector<Crop>{random_crop(width, height, 0.9, key)};
  };
}

std::vector<float> pixels_of(std::span<const std::byte> encoded, const PreprocessConfig& config,
                             const AugmentKey& key, bool scaled) {
  std::vector<float> out(static_cast<std::size_t>(config.size) *
                         static_cast<std::size_t>(config.size) * 3);
  const CroppedImage source = decode_for_crops(encoded, config.size, {}, scaled, one_crop(key));
  preprocess_region(source.image, source.regions.at(0), config, out);
  return out;
}

TEST_CASE("without scaled decoding the pixels are those of the whole image") {
  const PreprocessConfig config = {.size = 16};
  for (const auto& one : test::read_json("decode/expected.json")) {
    const std::string name = one.at("file");
    CAPTURE(name);
    const std::string encoded = test::read_bytes(test::golden("decode/" + name));
    std::vector<float> expected(3 * 16 * 16);
    preprocess_augmented(decode_stored(test::bytes_of(encoded)), config, 0.9, {1, 2, 3, 4},
                         expected);
    CHECK(pixels_of(test::bytes_of(encoded), config, {1, 2, 3, 4}, false) == expected);
  }
}

TEST_CASE("scaled decoding takes the smallest fraction that leaves the crop its pixels") {
  const PreprocessConfig config = {.size = 50};
  for (const auto& [width, height] : {std::pair(52, 50), {99, 130}, {220, 240}, {450, 500}}) {
    const auto encoded = encode_jpeg(picture(width, height), 90);
    for (std::uint64_t sample = 0; sample < 20; ++sample) {
      const AugmentKey key{5, 0, sample, 0};
      const Crop crop = random_crop(width, height, 0.9, key);
      int fraction = 8;
      while (fraction > 1 && std::min(crop.width, crop.height) / fraction < config.size)
        fraction /= 2;
      CAPTURE(width, height, sample, fraction);
      const CroppedImage source = decode_for_crops(encoded, config.size, {}, true, one_crop(key));
      REQUIRE(source.regions.size() == 1);
      const Box& region = source.regions[0];
      CHECK(source.image.width == (width + fraction - 1) / fraction);
      CHECK(source.image.height == (height + fraction - 1) / fraction);
      CHECK(region.left * fraction == crop.left);
      CHECK(region.top * fraction == crop.top);
      CHECK(region.right * fraction == crop.left + crop.width);
      CHECK(region.bottom * fraction == crop.top + crop.height);
      CHECK(region.right <= source.image.width);
      CHECK(region.bottom <= source.image.height);
    }
  }
}

TEST_CASE("scaled decoding gives nearly the pixels of the whole image") {
  const PreprocessConfig config = {.size = 64};
  const auto encoded = encode_jpeg(picture(300, 280), 95);
  const AugmentKey key{1, 0, 0, 0};
  const auto whole = pixels_of(encoded, config, key, false);
  const auto scaled = pixels_of(encoded, config, key, true);
  CHECK(whole != scaled);
  double sum = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) sum += std::fabs(whole[i] - scaled[i]);
  // In levels of 255.
  CHECK(sum / static_cast<double>(whole.size()) * 0.27 * 255 < 2);
}

TEST_CASE("of several crops the smallest says at which fraction an image is decoded") {
  const auto encoded = encode_jpeg(picture(400, 400), 90);
  const auto choose = [](int width, int height) {
    return std::vector<Crop>{{0, 0, width, height}, {40, 80, 130, 120}};
  };
  const CroppedImage source = decode_for_crops(encoded, 50, {}, true, choose);
  CHECK(source.image.width == 200);
  REQUIRE(source.regions.size() == 2);
  CHECK(source.regions[0].right == 200);
  CHECK(source.regions[1].left == 20);
  CHECK(source.regions[1].bottom == 100);
}

TEST_CASE("only JPEGs are decoded at a fraction") {
  const auto encoded = encode_png(picture(300, 280));
  const CroppedImage source = decode_for_crops(encoded, 20, {}, true, one_crop({}));
  CHECK(source.image.width == 300);
  CHECK(source.regions.size() == 1);
}

TEST_CASE("real images in every storage are preprocessed within one level of open_clip") {
  const auto golden = test::read_json("real_images/expected.json");
  const std::string expected = test::read_bytes(test::golden("real_images/expected.bin"));
  // Zero mean and unit deviation: what comes out is the pixel over 255.
  const PreprocessConfig config = {.size = golden.at("size"), .mean = {0, 0, 0}, .std = {1, 1, 1}};
  const auto count = static_cast<std::size_t>(config.size) * static_cast<std::size_t>(config.size);
  REQUIRE(golden.at("files").size() > 10);
  REQUIRE(expected.size() == golden.at("files").size() * count * 6);
  std::size_t at = 0;
  for (const std::string name : golden.at("files")) {
    CAPTURE(name);
    const std::string encoded = test::read_bytes(test::golden("real_images/" + name));
    const StoredImage stored = decode_stored(test::bytes_of(encoded));
    for (const bool resizes_first : {true, false}) {
      std::vector<float> planes(count * 3);
      preprocess(resizes_first ? stored : in_rgb(stored), config, planes);
      int worst = 0;
      for (std::size_t i = 0; i < count * 3; ++i, ++at) {
        const long found = std::lround(planes[i % 3 * count + i / 3] * 255.0F);
        const long wanted = static_cast<unsigned char>(expected[at]);
        worst = std::max(worst, static_cast<int>(std::labs(found - wanted)));
      }
      CAPTURE(resizes_first);
      CHECK(worst <= 1);
    }
  }
}

}  // namespace
}  // namespace helip::data
