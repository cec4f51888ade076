// Imports that end early, and what they leave.
#include <catch2/catch.hpp>

#include "common/error.h"
#include "data/corpus/corpus.h"
#include "import_fixture.h"

namespace helip::data {
namespace {

using test::contains;

TEST_CASE_METHOD(ImportTest, "an import that cannot begin leaves nothing behind") {
  const auto files = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      names.push_back(entry.path().filename().string());
    return names;
  };
  const auto error = [&](const ImportOptions& settings) {
    return test::error_of<Error>([&] { import_corpus(settings); });
  };
  test::write_file(in / "0.tar", "BZh9");
  CHECK(contains(error(options((folder.path() / "none").string())), "does not exist"));
  CHECK(contains(error(options((in / "0.tar").string())), "compressed tar"));
  CHECK(files() == std::vector<std::string>{"in"});
  std::filesystem::remove_all(in);
  std::filesystem::create_directories(in);
  CHECK(contains(error(options(in.string())), "nothing to import in the folder"));
  std::filesystem::create_directories(out);
  CHECK(contains(error(options(in.string())), "exists already and is not replaced"));
}

TEST_CASE_METHOD(ImportTest, "a table without one usable pair at its beginning is not read on") {
  test::write_file(in / "a.png", test::png(1, 2, 2));
  const auto table = [&](int captioned) {
    std::string text = "filepath\ttitle\n";
    for (int i = 0; i < 1200; ++i) text += cat("a.png\t", i == captioned ? "a picture" : "", "\n");
    test::write_file(in / "table.tsv", text);
    return test::error_of<DataError>([&] { import_corpus(options((in / "table.tsv").string())); });
  };
  const std::string error = table(1000);
  CAPTURE(error);
  CHECK(contains(error, "no usable pair among the first 1000; expected images with captions"));
  CHECK(contains(error, "found 1000 × "));
  CHECK(table(999).empty());
}

TEST_CASE_METHOD(ImportTest, "an import that leaves out too much ends and says where it is named") {
  make_folder();
  ImportOptions settings = options(in.string());
  settings.max_left_out = 0.25;
  const auto error = [&] { return test::error_of<DataError>([&] { import_corpus(settings); }); };
  const std::string too_much = error();
  CAPTURE(too_much);
  const auto report = out.string() + ".import/import_report.jsonl";
  CHECK(contains(too_much, report + ": too much is left out"));
  CHECK(contains(too_much, "at most 25 % of 11 samples; found 3 so far (1 × "));
  CHECK(lines_of(report).size() == 3);
  CHECK(!std::filesystem::exists(out));
  settings.max_left_out = 0.3;
  import_corpus(settings);
  CHECK(Corpus::open(out).size() == 8);
  CHECK(!std::filesystem::exists(out.string() + ".import"));

  for (int i = 0; i < 10; ++i) {
    const std::string name = "sub" + std::to_string(i % 2) + "/" + std::to_string(i);
    test::write_file(in / (name + (i % 3 == 0 ? ".PNG" : ".png")), "no image");
  }
  settings.out = folder.path() / "none";
  settings.max_left_out = 1;
  CHECK(contains(
      error(),
      "no usable pair to import; expected an image that can be read, with a caption; found "
      "9 × the image cannot be decoded"));
}

TEST_CASE_METHOD(ImportTest,
                 "images beyond the limits of size, bytes or decoding time are left out") {
  make_folder();
  const auto left_out = [&](const ImageRules& rules) {
    ImportOptions settings = options(in.string());
    settings.images = rules;
    import_corpus(settings);
    std::filesystem::remove_all(out);
    return import_corpus(settings).left_out;
  };
  ImageRules rules;
  rules.limits.max_pixels = 280;
  CHECK(left_out(rules).at("the image cannot be decoded") == 2);
  rules = {};
  std::filesystem::remove_all(out);
  rules.limits.max_bytes = test::png(2, 22, 10).size();
  CHECK(left_out(rules).at("the image file is too large") >= 2);
  rules = {};
  std::filesystem::remove_all(out);
  rules.max_decode_seconds = 1e-9;
  ImportOptions settings = options(in.string());
  settings.images = rules;
  CHECK(contains(test::error_of<DataError>([&] { import_corpus(settings); }),
                 cat("8 × ", kSlowImage)));
}

}  // namespace
}  // namespace helip::data
