#include "data/image/exif.h"

#include <catch2/catch.hpp>

#include "common/json.h"
#include "corpus_support.h"

namespace helip::data {
namespace {

TEST_CASE("orientation is read from JPEG, PNG and WebP, and undone as PIL does") {
  const auto expected = Json::parse(read_text_file(test::golden_folder("exif") + "expected.json"));
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
    const StoredImage upright = transposed(decode_stored(test::bytes_of(read("png"))), orientation);
    CHECK(upright.width == item.at("width").get<int>());
    CHECK(upright.height == item.at("height").get<int>());
    CHECK(upright.pixels == item.at("pixels").get<std::vector<std::uint8_t>>());
  }
}

TEST_CASE("orientation is found wherever Pillow finds it, and nowhere else") {
  const auto cases = Json::parse(read_text_file(test::golden_folder("exif_kinds") + "cases.json"));
  const std::string files = read_text_file(test::golden_folder("exif_kinds") + "files.bin");
  REQUIRE(cases.size() > 90);
  for (const auto& one : cases) {
    const std::string encoded = files.substr(one.at("file")[0], one.at("file")[1]);
    const std::string name = one.at("name");
    CAPTURE(name);
    CHECK(exif_orientation(test::bytes_of(encoded)) == one.at("orientation").get<int>());
    // Damage never leads beyond the end.
    for (std::size_t i = 0; i < encoded.size(); i += 3) {
      std::string damaged = encoded;
      damaged[i] = static_cast<char>(~damaged[i]);
      const int found = exif_orientation(test::bytes_of(damaged));
      REQUIRE((found >= 1 && found <= 8));
    }
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
