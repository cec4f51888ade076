#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "common/error.h"
#include "data/golden_files.h"
#include "data/image/image.h"
#include "data/image/image_codecs.h"

namespace helip::data {
namespace {

std::string picture(const std::string& name) {
  return test::read_bytes(test::golden("decode/" + name));
}

int worst_difference(const Image& image, const std::string& expected, std::size_t offset) {
  REQUIRE(offset + image.pixels.size() <= expected.size());
  int worst = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const int wanted = static_cast<unsigned char>(expected[offset + i]);
    worst = std::max(worst, std::abs(static_cast<int>(image.pixels[i]) - wanted));
  }
  return worst;
}

TEST_CASE("images decode to Pillow's RGB bytes") {
  const auto cases = test::read_json("decode/expected.json");
  const std::string expected = picture("expected.bin");
  REQUIRE(cases.size() > 30);
  for (const auto& one : cases) {
    const std::string name = one.at("file");
    CAPTURE(name);
    const std::string encoded = picture(name);
    const Image image = decode_image(test::bytes_of(encoded));
    REQUIRE(image.width == one.at("width"));
    REQUIRE(image.height == one.at("height"));
    CHECK(worst_difference(image, expected, one.at("rgb")) == 0);
    const Image white = decode_image_over_white(test::bytes_of(encoded));
    CHECK(worst_difference(white, expected, one.at("over_white")) == 0);
  }
}

TEST_CASE("an image cut anywhere is an error or the whole picture, never a part of it or a crash") {
  constexpr std::size_t kEnd = 12 + 8;  // of a PNG: its end chunk, and checksums behind the pixels
  for (const auto& one : test::read_json("decode/expected.json")) {
    const std::string name = one.at("file");
    const std::string whole = picture(name);
    const Image picture_of_whole = decode_image(test::bytes_of(whole));
    for (std::size_t length = 0; length < whole.size(); length += 1 + length / 16) {
      const std::string cut = whole.substr(0, length);
      CAPTURE(name, length, whole.size());
      try {
        const StoredImage image = decode_stored(test::bytes_of(cut));
        CHECK(!image.defect.kind.empty());
        CHECK(to_rgb(image).pixels == picture_of_whole.pixels);
        CHECK(length + kEnd >= whole.size());
      } catch (const DataError&) {
        CHECK(length + 2 <= whole.size());
      }
    }
  }
}

TEST_CASE("flipped bytes give an error or a picture of bounded size") {
  int errors = 0;
  for (const auto& one : test::read_json("decode/expected.json")) {
    const std::string whole = picture(one.at("file"));
    for (std::size_t i = 0; i < whole.size(); i += 1 + whole.size() / 97) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
      try {
        const Image image = decode_image_over_white(test::bytes_of(damaged));
        REQUIRE(image.pixels.size() ==
                static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3);
      } catch (const DataError&) {
        ++errors;
      }
    }
  }
  CHECK(errors > 1000);
}

TEST_CASE("damaged pixels of a PNG are noticed by the checksum of zlib") {
  std::string damaged = picture("png_rgb.png");
  damaged[damaged.size() - 40] = static_cast<char>(damaged[damaged.size() - 40] ^ 1);
  CHECK_THROWS_AS(decode_image(test::bytes_of(damaged)), DataError);
}

// Rewrites width and height in a PNG's header, checksum included.
std::string with_png_size(std::uint32_t width, std::uint32_t height) {
  std::string png = picture("png_rgb.png");
  const auto put = [&png](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      png[at + i] = static_cast<char>(value >> (24U - 8U * static_cast<unsigned>(i)));
  };
  put(16, width);
  put(20, height);
  std::uint32_t crc = ~0U;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<unsigned char>(png[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  put(29, ~crc);
  return png;
}

TEST_CASE("sizes out of bounds are refused before anything is allocated") {
  CHECK_THROWS_WITH(decode_image(test::bytes_of(with_png_size(8001, 8000))),
                    Catch::Contains("8001x8000"));
  CHECK_THROWS_WITH(decode_image(test::bytes_of(with_png_size(65536, 1))),
                    Catch::Contains("65536x1"));
  CHECK_THROWS_WITH(decode_image(test::bytes_of(with_png_size(1, 2000000))),
                    Catch::Contains("PNG"));
  // Within the bounds the missing rows are the error.
  CHECK_THROWS_WITH(decode_image(test::bytes_of(with_png_size(8000, 8000))),
                    !Catch::Contains("8000x8000"));
  // A JPEG's size lies in its SOF segment.
  std::string jpeg = picture("jpeg_444.jpg");
  const std::size_t frame = jpeg.find("\xFF\xC0");
  REQUIRE(frame != std::string::npos);
  jpeg.replace(frame + 5, 4, "\xFD\xE8\xFD\xE8");
  CHECK_THROWS_WITH(decode_image(test::bytes_of(jpeg)), Catch::Contains("65000x65000"));
  const std::string huge(65U << 20U, '\0');
  CHECK_THROWS_WITH(decode_image(test::bytes_of(huge)), Catch::Contains("too large"));
}

TEST_CASE("formats are told by content") {
  CHECK_THROWS_WITH(decode_image({}), Catch::Contains("an empty file"));
  const std::string gif = "GIF89a\x01\x00\x01";
  CHECK_THROWS_WITH(decode_image(test::bytes_of(gif)),
                    Catch::Contains("JPEG, PNG or WebP") && Catch::Contains("GIF89a"));
  const std::string page = "<html>404</html>";
  CHECK_THROWS_WITH(decode_image(test::bytes_of(page)), Catch::Contains("<html>"));
}

TEST_CASE("compositing over white rounds to the nearest level") {
  for (std::uint32_t value = 0; value < 256; ++value) {
    for (std::uint32_t alpha = 0; alpha < 256; ++alpha) {
      const double exact = (value * alpha + 255.0 * (255.0 - alpha)) / 255.0;
      REQUIRE(std::abs(over_white(value, alpha) - exact) <= 0.5);
    }
  }
}

}  // namespace
}  // namespace helip::data
