// What an import does to images.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "common/error.h"
#include "data/image/exif.h"
#include "import_fixture.h"

namespace helip::data {
namespace {

TEST_CASE_METHOD(ImportTest,
                 "images are shrunk, composited and turned only where a rule asks for it") {
  const auto bytes = [](const std::string& text) {
    const auto span = test::bytes_of(text);
    return std::vector<std::byte>(span.begin(), span.end());
  };
  const std::string small = test::png(1, 8, 6);
  CHECK(
      import_image(bytes(small), {.max_side = 8, .white_background = true, .exif_transpose = true})
          .encoded == bytes(small));

  const std::string large = test::png(2, 40, 30);
  const auto shrunk = import_image(bytes(large), {.max_side = 20});
  CHECK(shrunk.rewritten);
  CHECK(decode_image(shrunk.encoded).pixels ==
        resize(decode_image(bytes(large)), 20, 15, Interpolation::kBicubic).pixels);
  CHECK(import_image(bytes(test::png(2, 400, 2)), {.max_side = 20}).height == 1);

  const std::string turned_png = read_text_file(test::golden_folder("exif") + "o6.png");
  CHECK(!import_image(bytes(turned_png), {}).rewritten);
  const auto turned = import_image(bytes(turned_png), {.exif_transpose = true});
  CHECK((turned.width == 3 && turned.height == 5));
  CHECK(decode_image(turned.encoded).pixels ==
        transposed(decode_stored(bytes(turned_png)), 6).pixels);
  CHECK(exif_orientation(turned.encoded) == 1);

  const std::string turned_jpeg = read_text_file(test::golden_folder("exif") + "o6.jpg");
  const auto jpeg = import_image(bytes(turned_jpeg), {.exif_transpose = true});
  CHECK(jpeg.extension == "jpg");
  const auto wanted = transposed(decode_stored(bytes(turned_jpeg)), 6);
  const auto found = decode_image(jpeg.encoded);
  REQUIRE(found.pixels.size() == wanted.pixels.size());
  for (std::size_t i = 0; i < wanted.pixels.size(); ++i)
    CHECK(std::abs(found.pixels[i] - wanted.pixels[i]) <= 16);

  CHECK_THROWS_AS(import_image(bytes("nothing"), {}), DataError);
  CHECK_THROWS_AS(import_image({}, {}), DataError);
}

TEST_CASE_METHOD(ImportTest, "images with a defect are used, counted and named") {
  const std::string whole = test::png(1);
  test::write_file(in / "a.png", whole.substr(0, whole.size() - 12));
  test::write_file(in / "b.png", whole);
  for (const char* name : {"a.txt", "b.txt"}) test::write_file(in / name, "a picture");
  ImportOptions settings = options(in.string());
  settings.max_left_out = 0;
  const auto report = import_corpus(settings);
  CHECK(report.manifest.pairs == 2);
  CHECK(report.left_out.empty());
  REQUIRE(report.noted.size() == 1);
  const Noted& noted = report.noted.at("a PNG ends before its end chunk");
  CHECK(noted.count == 1);
  CHECK(noted.first.starts_with("a.png"));
  const auto lines = lines_of(out / "import_report.jsonl");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("key") == "a.png");
  CHECK(lines[0].at("samples") == 0);
}

TEST_CASE_METHOD(ImportTest, "an image that is only turned keeps its mode") {
  const std::string files = read_text_file(test::golden_folder("exif_kinds") + "files.bin");
  const auto cases = Json::parse(read_text_file(test::golden_folder("exif_kinds") + "cases.json"));
  int turned = 0;
  for (const auto& one : cases) {
    const std::string name = one.at("name");
    if (!name.starts_with("png, ") && !name.starts_with("webp, ")) continue;
    CAPTURE(name);
    const std::string encoded = files.substr(one.at("file")[0], one.at("file")[1]);
    const auto bytes = test::bytes_of(encoded);
    const auto found = import_image({bytes.begin(), bytes.end()}, {.exif_transpose = true});
    const int orientation = one.at("orientation");
    CHECK(found.rewritten == (orientation != 1));
    const StoredImage wanted = transposed(decode_stored(bytes), orientation);
    const StoredImage again = decode_stored(found.encoded);
    CHECK(again.mode == wanted.mode);
    CHECK(again.pixels == wanted.pixels);
    CHECK((again.width == found.width && again.height == found.height));
    turned += found.rewritten ? 1 : 0;
  }
  CHECK(turned > 20);
}

TEST_CASE_METHOD(
    ImportTest,
    "transparent images are composited over white when asked, opaque ones keep their bytes") {
  const auto read = [](const std::string& name) {
    const std::string text = read_text_file(test::golden_folder("alpha") + name);
    const auto span = test::bytes_of(text);
    return std::vector<std::byte>(span.begin(), span.end());
  };
  for (const std::string name :
       {"rgba.png", "palette_transparent.png", "rgba.webp", "grey_alpha.png"}) {
    CAPTURE(name);
    const auto whitened = import_image(read(name), {.white_background = true});
    CHECK(whitened.rewritten);
    CHECK(whitened.extension == "png");
    CHECK(decode_image(whitened.encoded).pixels == decode_image_over_white(read(name)).pixels);
    CHECK(!import_image(read(name), {}).rewritten);
  }
  for (const std::string name : {"opaque_rgba.png", "rgb.png", "rgb.webp"}) {
    CAPTURE(name);
    CHECK(!import_image(read(name), {.white_background = true}).rewritten);
  }
}

}  // namespace
}  // namespace helip::data
