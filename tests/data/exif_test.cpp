#include "data/exif.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "corpus_support.h"

namespace helip::data {
namespace {

TEST_CASE("orientation is read from JPEG, PNG and WebP, and undone as PIL does") {
  const auto expected =
      nlohmann::json::parse(read_text_file(test::golden_folder("exif") + "expected.json"));
  REQUIRE(expected.size() == 8);
  for (const auto& item : expected) {
    const int orientation = item.at("orientation").get<int>();
    CAPTURE(orientation);
    const auto read = [&](const std::string& extension) {
      return read_text_file(test::golden_folder("exif") + "o" + std::to_string(orientation) + "." +
                            extension);
    };
    for (const char* extension : {"jpg", "png", "webp"})
      CHECK(exif_orientation(test::bytes_of(read(extension))) == orientation);
    const Image upright = transposed(decode_image(test::bytes_of(read("png"))), orientation);
    CHECK(upright.width == item.at("width").get<int>());
    CHECK(upright.height == item.at("height").get<int>());
    CHECK(upright.pixels == item.at("pixels").get<std::vector<std::uint8_t>>());
  }
}

TEST_CASE("images without orientation, and damaged EXIF data, are upright") {
  CHECK(exif_orientation(
            test::bytes_of(read_text_file(test::golden_folder("exif") + "none.jpg"))) == 1);
  CHECK(exif_orientation({}) == 1);
  CHECK(exif_orientation(test::bytes_of("GIF89a")) == 1);
  for (const std::string extension : {"jpg", "png", "webp"}) {
    const std::string whole = read_text_file(test::golden_folder("exif") + "o6." + extension);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const int found = exif_orientation(test::bytes_of(whole.substr(0, length)));
      CHECK((found == 1 || found == 6));
    }
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(~damaged[i]);
      const int found = exif_orientation(test::bytes_of(damaged));
      CHECK((found >= 1 && found <= 8));
    }
  }
}

}  // namespace
}  // namespace helip::data
