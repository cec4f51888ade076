#include "data/image/ssl_augment.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/error.h"
#include "data/golden_files.h"
#include "data/image/colour.h"
#include "data/image/gaussian_blur.h"

namespace helip::data {
namespace {

using test::noise;

// Zero mean and unit deviation: what comes out is the pixel over 255.
PreprocessConfig plain_config(int size) {
  return {
      .size = size, .interpolation = Interpolation::kBilinear, .mean = {0, 0, 0}, .std = {1, 1, 1}};
}

ViewDraws draws_of(const Json& one) {
  const std::map<std::string, Jitter> names = {{"brightness", Jitter::kBrightness},
                                               {"contrast", Jitter::kContrast},
                                               {"saturation", Jitter::kSaturation},
                                               {"hue", Jitter::kHue}};
  const auto& crop = one.at("crop");
  ViewDraws draws{.crop = {crop[0], crop[1], crop[2], crop[3]},
                  .jitters = one.at("jitters"),
                  .brightness = one.at("brightness"),
                  .contrast = one.at("contrast"),
                  .saturation = one.at("saturation"),
                  .hue = one.at("hue"),
                  .grey = one.at("grey"),
                  .blurs = one.at("blurs"),
                  .deviation = one.at("deviation"),
                  .flips = one.at("flips")};
  for (std::size_t i = 0; i < 4; ++i) draws.order.at(i) = names.at(one.at("order").at(i));
  return draws;
}

TEST_CASE("views with given draws are those of torchvision and Pillow to the byte") {
  const auto golden = test::read_json("ssl_views/cases.json");
  const std::string expected = test::read_bytes(test::golden("ssl_views/expected.bin"));
  const PreprocessConfig config = plain_config(golden.at("size"));
  const auto count = static_cast<std::size_t>(config.size) * static_cast<std::size_t>(config.size);
  REQUIRE(golden.at("cases").size() > 50);
  REQUIRE(expected.size() == golden.at("cases").size() * count * 3);
  std::size_t at = 0;
  for (const auto& one : golden.at("cases")) {
    CAPTURE(one.dump());
    const ViewDraws draws = draws_of(one);
    const Image image = noise(one.at("from")[0], one.at("from")[1], one.at("seed"));
    std::vector<float> planes(count * 3);
    preprocess_view(image, box_of(draws.crop), draws, config, planes);
    int different = 0;
    for (std::size_t i = 0; i < count * 3; ++i, ++at) {
      const long found = std::lround(planes[i % 3 * count + i / 3] * 255.0F);
      different += found == static_cast<unsigned char>(expected[at]) ? 0 : 1;
    }
    CHECK(different == 0);
  }
}

TEST_CASE("draws are a pure function of seed, epoch, sample, slot and view") {
  const auto crop_of = [](const AugmentKey& key, std::uint32_t view) {
    const ViewDraws draws = draw_view(1000, 800, key, view);
    return std::vector<double>{static_cast<double>(draws.crop.left),
                               static_cast<double>(draws.crop.top), draws.brightness,
                               draws.deviation};
  };
  const AugmentKey key{1, 2, 3, 4};
  const auto first = crop_of(key, 0);
  CHECK(first == crop_of(key, 0));
  CHECK(first != crop_of(key, 1));
  CHECK(first != crop_of({9, 2, 3, 4}, 0));
  CHECK(first != crop_of({1, 9, 3, 4}, 0));
  CHECK(first != crop_of({1, 2, 9, 4}, 0));
  CHECK(first != crop_of({1, 2, 3, 9}, 0));
}

// Draws that should be uniform in [low, high].
struct Spread {
  double low, high;
  std::vector<double> values = {};

  // Mean and variance within six standard errors, and nothing outside.
  void check() const {
    const auto count = static_cast<double>(values.size());
    const double range = high - low;
    double sum = 0;
    double squares = 0;
    for (const double value : values) {
      REQUIRE(value >= low);
      REQUIRE(value <= high);
      const double part = (value - low) / range - 0.5;
      sum += part;
      squares += part * part;
    }
    CHECK(std::fabs(sum / count) < 6 * std::sqrt(1.0 / 12 / count));
    CHECK(std::fabs(squares / count - 1.0 / 12) < 6 * std::sqrt(1.0 / 180 / count));
  }
};

TEST_CASE("draws have SLIP's probabilities and ranges") {
  constexpr int kDraws = 4000;
  constexpr int kWidth = 640;
  constexpr int kHeight = 480;
  std::map<std::string, int> counts;
  std::map<std::array<Jitter, 4>, int> orders;
  Spread brightness{0.6, 1.4}, contrast{0.6, 1.4}, saturation{0.6, 1.4}, hue{-0.1, 0.1},
      deviation{0.1, 2.0};
  double smallest = 1;
  double largest = 0;
  double area_sum = 0;
  for (std::uint64_t sample = 0; sample < kDraws; ++sample) {
    const ViewDraws draws = draw_view(kWidth, kHeight, {5, 0, sample, 0}, 1);
    counts["jitters"] += draws.jitters ? 1 : 0;
    counts["grey"] += draws.grey ? 1 : 0;
    counts["blurs"] += draws.blurs ? 1 : 0;
    counts["flips"] += draws.flips ? 1 : 0;
    ++orders[draws.order];
    brightness.values.push_back(draws.brightness);
    contrast.values.push_back(draws.contrast);
    saturation.values.push_back(draws.saturation);
    hue.values.push_back(draws.hue);
    deviation.values.push_back(draws.deviation);
    const Crop& crop = draws.crop;
    REQUIRE(crop.left >= 0);
    REQUIRE(crop.top >= 0);
    REQUIRE(crop.left + crop.width <= kWidth);
    REQUIRE(crop.top + crop.height <= kHeight);
    const double ratio = static_cast<double>(crop.width) / crop.height;
    REQUIRE(ratio > 0.74);
    REQUIRE(ratio < 1.35);
    const double share = static_cast<double>(crop.width) * crop.height / (kWidth * kHeight);
    smallest = std::min(smallest, share);
    largest = std::max(largest, share);
    area_sum += share;
  }
  for (const auto& [what, probability] : std::map<std::string, double>{
           {"jitters", 0.8}, {"grey", 0.2}, {"blurs", 0.5}, {"flips", 0.5}}) {
    INFO(what);
    const double error = std::sqrt(probability * (1 - probability) / kDraws);
    CHECK(std::fabs(static_cast<double>(counts[what]) / kDraws - probability) < 6 * error);
  }
  REQUIRE(orders.size() == 24);
  for (const auto& [order, times] : orders) CHECK(std::abs(times - kDraws / 24) < 80);
  for (const Spread* spread : {&brightness, &contrast, &saturation, &hue, &deviation}) {
    spread->check();
  }
  CHECK(smallest > 0.079);
  CHECK(smallest < 0.085);
  CHECK(largest > 0.97);
  // 0.434 ± 0.001 is the mean over 40,000 crops of torchvision's RandomResizedCrop.get_params.
  CHECK(std::fabs(area_sum / kDraws - 0.434) < 0.02);
}

TEST_CASE("a blurred step has the shape of the Gaussian's integral") {
  for (const double deviation : {0.7, 1.0, 2.0}) {
    Image image{.width = 41, .height = 41, .pixels = {}};
    for (int y = 0; y < 41; ++y) {
      for (int x = 0; x < 41; ++x) image.pixels.insert(image.pixels.end(), 3, x < 20 ? 40 : 240);
    }
    gaussian_blur(image, deviation);
    for (int x = 0; x < 41; ++x) {
      const double integral = 0.5 * (1 + std::erf((x - 19.5) / (deviation * std::sqrt(2.0))));
      INFO("deviation " << deviation << " column " << x);
      CHECK(std::fabs(image.pixels[static_cast<std::size_t>(20 * 41 + x) * 3] -
                      (40 + 200 * integral)) < 10);
    }
  }
}

TEST_CASE("changes of colour by nothing leave an image as it is, and grey stays grey") {
  const Image before = noise(40, 30, 2);
  Image image = before;
  adjust_brightness(image, 1);
  adjust_contrast(image, 1);
  adjust_saturation(image, 1);
  CHECK(image.pixels == before.pixels);
  make_grey(image);
  const Image grey = image;
  adjust_saturation(image, 1.4F);
  adjust_hue(image, 0.1);
  CHECK(image.pixels == grey.pixels);
  std::set<std::uint8_t> values(grey.pixels.begin(), grey.pixels.end());
  CHECK(values.size() > 50);
}

TEST_CASE("a view refuses an empty picture and a buffer of another size") {
  const PreprocessConfig config = plain_config(8);
  std::vector<float> out(3 * 8 * 8);
  CHECK_THROWS_AS(preprocess_view(Image{}, {0, 0, 1, 1}, {}, config, out), DataError);
  out.pop_back();
  CHECK_THROWS_AS(preprocess_view(noise(9, 9, 0), {0, 0, 9, 9}, {}, config, out), ConfigError);
}

}  // namespace
}  // namespace helip::data
