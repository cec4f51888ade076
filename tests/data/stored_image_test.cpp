#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "data/golden_files.h"
#include "data/image/encode_image.h"
#include "data/image/image.h"
#include "data/image/random_crop.h"

namespace helip::data {
namespace {

PixelMode mode_of(const std::string& name) {
  if (name == "RGBA" || name == "LA") return PixelMode::kRgba;
  if (name == "CMYK") return PixelMode::kCmyk;
  if (name == "P" || name == "1") return PixelMode::kIndexed;
  return name == "I;16" ? PixelMode::kGrey16 : PixelMode::kRgb;
}

std::string digest_of(const std::vector<std::uint8_t>& bytes) {
  return sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// With zero mean and unit deviation what comes out is the pixel over 255.
std::vector<std::uint8_t> bytes_of_planes(const std::vector<float>& planes) {
  const std::size_t count = planes.size() / 3;
  std::vector<std::uint8_t> bytes(planes.size());
  for (std::size_t i = 0; i < planes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(planes[i % 3 * count + i / 3] * 255.0F + 0.5F);
  return bytes;
}

TEST_CASE("images of every mode are resized in it, as torchvision and Pillow do, to the byte") {
  const auto cases = test::read_json("stored_modes/cases.json");
  const std::string files = test::read_bytes(test::golden("stored_modes/files.bin"));
  REQUIRE(cases.size() > 30);
  for (const auto& one : cases) {
    const std::string encoded = files.substr(one.at("file")[0], one.at("file")[1]);
    const StoredImage image = decode_stored(test::bytes_of(encoded));
    const std::string name = one.at("name");
    CAPTURE(name);
    CHECK(image.mode == mode_of(one.at("mode")));
    CHECK(digest_of(to_rgb(image).pixels) == one.at("sha256"));
    for (const auto& wanted : one.at("wanted")) {
      const auto size = wanted.at("size").get<int>();
      PreprocessConfig config = {.size = size,
                                 .resize_mode = wanted.value("mode", "squash"),
                                 .interpolation = test::filter_of(wanted),
                                 .mean = {0, 0, 0},
                                 .std = {1, 1, 1}};
      std::vector<float> planes(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) *
                                3);
      if (wanted.contains("box")) {
        const auto box = wanted.at("box").get<std::vector<int>>();
        preprocess_region(image, box_of({box[0], box[1], box[2], box[3]}), config, planes);
      } else {
        preprocess(image, config, planes);
      }
      CAPTURE(size, config.resize_mode, wanted.contains("box"));
      CHECK(digest_of(bytes_of_planes(planes)) == wanted.at("sha256"));
    }
  }
}

TEST_CASE("a PNG keeps the mode and the pixels of what it is made of") {
  const auto cases = test::read_json("stored_modes/cases.json");
  const std::string files = test::read_bytes(test::golden("stored_modes/files.bin"));
  for (const auto& one : cases) {
    const std::string encoded = files.substr(one.at("file")[0], one.at("file")[1]);
    const StoredImage image = decode_stored(test::bytes_of(encoded));
    const std::string name = one.at("name");
    CAPTURE(name);
    if (image.mode == PixelMode::kCmyk) {
      CHECK_THROWS_AS(encode_png(image), DataError);
      continue;
    }
    const StoredImage again = decode_stored(encode_png(image));
    CHECK(again.mode == image.mode);
    CHECK(again.pixels == image.pixels);
    CHECK(again.palette == image.palette);
  }
}

TEST_CASE("an image that is not what it says cannot be looked at") {
  StoredImage image;
  image.mode = PixelMode::kRgba;
  image.width = image.height = 2;
  image.pixels.resize(12);
  CHECK_THROWS_AS(PixelView(image), DataError);
  image.mode = PixelMode::kIndexed;
  image.pixels.resize(4);
  CHECK_THROWS_WITH(PixelView(image), Catch::Contains("palette"));
}

TEST_CASE("files with a defect are read as Pillow reads them, and say so") {
  const auto cases = test::read_json("image_defects/cases.json");
  const std::string data = test::read_bytes(test::golden("image_defects/data.bin"));
  const auto part = [&](const Json& at) { return data.substr(at[0], at[1]); };
  REQUIRE(cases.size() > 50);
  for (const auto& one : cases) {
    const std::string encoded = part(one.at("file"));
    const std::string name = one.at("name");
    CAPTURE(name);
    if (!one.at("is_read").get<bool>()) {
      CHECK_THROWS_AS(decode_stored(test::bytes_of(encoded)), DataError);
      continue;
    }
    StoredImage image = decode_stored(test::bytes_of(encoded));
    CAPTURE(image.defect.kind, image.defect.detail);
    CHECK(!image.defect.kind.empty() == one.at("has_defect").get<bool>());
    const Image rgb = to_rgb(std::move(image));
    if (one.contains("rgb"))
      CHECK(std::string(rgb.pixels.begin(), rgb.pixels.end()) == part(one.at("rgb")));
  }
}

}  // namespace
}  // namespace helip::data
