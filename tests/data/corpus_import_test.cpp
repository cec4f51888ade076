#include "data/import/corpus_import.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "common/error.h"
#include "common/json.h"
#include "corpus_support.h"
#include "data/corpus/corpus.h"
#include "data/image/exif.h"
#include "data/import/open_or_index.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

using test::contains;
using test::kTarEnd;
using test::tar_member;

struct ImportTest {
  test::TemporaryFolder folder;
  std::filesystem::path in = folder.path() / "in";
  std::filesystem::path out = folder.path() / "out";

  [[nodiscard]] ImportOptions options(const std::string& source) const {
    ImportOptions options;
    options.sources = {source};
    options.out = out;
    options.max_left_out = 1;
    return options;
  }
  // Ten images in a folder, one of them cut off, one without caption.
  void make_folder() const {
    for (int i = 0; i < 10; ++i) {
      const std::string name = "sub" + std::to_string(i % 2) + "/" + std::to_string(i);
      const std::string image = test::png(i, 20 + i, 10);
      test::write_file(in / (name + (i % 3 == 0 ? ".PNG" : ".png")),
                       i == 4 ? image.substr(0, image.size() - 40) : image);
      if (i != 7) test::write_file(in / (name + ".txt"), "picture " + std::to_string(i) + "\n");
    }
    test::write_file(in / "alone.txt", "no picture");
    test::write_file(in / "notes.md", "not a member");
  }
};

std::vector<Json> lines_of(const std::filesystem::path& file) {
  std::vector<Json> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  return lines;
}

std::map<std::string, std::string> content_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> content;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    content[entry.path().filename().string()] = read_text_file(entry.path());
  }
  return content;
}

TEST_CASE_METHOD(ImportTest, "a folder becomes shards; what cannot be used is named") {
  make_folder();
  ImportOptions settings = options(in.string());
  settings.samples_per_shard = 3;
  settings.threads = 2;
  const ImportReport report = import_corpus(settings);
  CHECK(report.manifest.pairs == 8);
  CHECK(report.manifest.shards.size() == 3);
  CHECK(report.rewritten == 0);
  CHECK(report.left_out ==
        std::map<std::string, std::uint64_t>{{"a caption without an image", 1},
                                             {"an image without a caption", 1},
                                             {"the image cannot be decoded", 1}});
  const auto lines = lines_of(out / "import_report.jsonl");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].at("key") == "sub1/7.png");
  CHECK(lines[1].at("key") == "alone.txt");
  CHECK(lines[2].at("key") == "sub0/4.png");
  CHECK(!lines[2].at("detail").get<std::string>().empty());

  const Corpus corpus = Corpus::open(out);
  const std::vector<int> order = {0, 2, 6, 8, 1, 3, 5, 9};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Sample sample = corpus.load(SampleId{i});
    CHECK(sample.key == "0000" + std::to_string(i / 3) + "000" + std::to_string(i % 3));
    CHECK(sample.caption == "picture " + std::to_string(order[i]));
    CHECK(test::text_of(sample.image) == test::png(order[i], 20 + order[i], 10));
  }
  CHECK(test::member_names(out / "00002.tar") ==
        std::vector<std::string>{"000020000.png", "000020000.json", "000020000.txt",
                                 "000020001.png", "000020001.json", "000020001.txt"});
  CHECK(Json::parse(read_text_file(out / "sizes.json")) ==
        Json({{"00000.tar", 3}, {"00001.tar", 3}, {"00002.tar", 2}}));
}

TEST_CASE_METHOD(ImportTest, "the bytes do not depend on threads or on the place of the source") {
  make_folder();
  ImportOptions settings = options(in.string());
  settings.images.max_side = 16;
  settings.samples_per_shard = 4;
  import_corpus(settings);
  const auto first = content_of(out);
  std::filesystem::rename(in, folder.path() / "elsewhere");
  settings.sources = {(folder.path() / "elsewhere/").string()};
  settings.out = (folder.path() / "again/").string();
  settings.threads = 3;
  import_corpus(settings);
  CHECK(content_of(folder.path() / "again") == first);
  CHECK(first.size() == 9);
}

TEST_CASE_METHOD(ImportTest, "what was imported can be imported again without loss") {
  make_folder();
  import_corpus(options(in.string()));
  ImportOptions settings = options(out.string());
  settings.out = folder.path() / "again";
  const auto report = import_corpus(settings);
  CHECK(report.left_out.empty());
  const Corpus before = Corpus::open(out);
  const Corpus after = Corpus::open(settings.out);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(after.load(SampleId{i}).image == before.load(SampleId{i}).image);
    CHECK(after.load(SampleId{i}).caption == before.load(SampleId{i}).caption);
  }
}

TEST_CASE_METHOD(ImportTest, "tables give pairs, with paths relative to the table") {
  test::write_file(in / "images/a.png", test::png(1));
  test::write_file(in / "images/b.png", test::png(2));
  test::write_file(in / "pairs.csv",
                   "filepath,title\nimages/a.png,\"a \"\"quoted\"\", "
                   "caption\"\nimages/none.png,x\nimages/b.png,\n"
                   "images/b.png,\xFF\n,x\nimages/b.png,second\n");
  ImportOptions settings = options((in / "pairs.csv").string());
  settings.csv.separator = ',';
  const auto report = import_corpus(settings);
  CHECK(report.manifest.pairs == 2);
  CHECK(report.left_out ==
        std::map<std::string, std::uint64_t>{{"the caption is empty", 1},
                                             {"the caption is not valid UTF-8", 1},
                                             {"the image file is missing", 1},
                                             {"the row has no image path", 1}});
  CHECK(lines_of(out / "import_report.jsonl")[0].at("source") == "pairs.csv:3");
  CHECK(Corpus::open(out).load(SampleId{0}).caption == "a \"quoted\", caption");
  CHECK(Corpus::open(out).load(SampleId{1}).caption == "second");
}

TEST_CASE_METHOD(ImportTest,
                 "captions in JSON that Python wrote are kept, and others counted by kind") {
  const std::vector<std::string> texts = {R"({"caption": "a cat", "score": NaN})",
                                          R"({"caption": "cut \ud83d", "size": 1e999})",
                                          R"({"caption": ["a"]})",
                                          R"({"caption": ["b"]})",
                                          R"({"caption": null})",
                                          R"({"alt": "x"})",
                                          R"({"caption": "a)"};
  std::string tar;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string key = std::to_string(i);
    tar += tar_member(key + ".png", test::png(static_cast<int>(i))) +
           tar_member(key + ".json", texts[i]);
  }
  test::write_file(in / "0.tar", tar + kTarEnd);
  const auto report = import_corpus(options((in / "0.tar").string()));
  CHECK(report.left_out ==
        std::map<std::string, std::uint64_t>{{"the caption's json is not JSON", 1},
                                             {"the json has no field caption", 1},
                                             {"the json's field caption is a list", 2},
                                             {"the json's field caption is null", 1}});
  CHECK(lines_of(out / "import_report.jsonl")[0].at("detail") == "expected a string");
  const Corpus corpus = Corpus::open(out);
  REQUIRE(corpus.size() == 2);
  CHECK(corpus.load(SampleId{0}).caption == "a cat");
  CHECK(corpus.load(SampleId{1}).caption == "cut \uFFFD");
}

TEST_CASE_METHOD(ImportTest, "tars give pairs by content, several sources follow each other") {
  test::write_file(in / "0.tar", tar_member("x/a.jpg", test::png(1)) +
                                     tar_member("x/a.json", R"({"alt":"from json"})") +
                                     tar_member("b.png", "not an image") +
                                     tar_member("b.txt", "b") + kTarEnd);
  test::write_file(in / "1.tar",
                   tar_member("c.png", test::png(3)) + tar_member("c.txt", " c ") + kTarEnd);
  ImportOptions settings = options((in / "1.tar").string());
  settings.sources.push_back((in / "0.tar").string());
  settings.caption_key = "alt";
  const auto report = import_corpus(settings);
  CHECK(report.manifest.pairs == 2);
  CHECK(report.left_out ==
        std::map<std::string, std::uint64_t>{{"the image cannot be decoded", 1}});
  const Corpus corpus = Corpus::open(out);
  CHECK(corpus.load(SampleId{0}).caption == "c");
  // A PNG named .jpg is stored as what it is.
  CHECK(corpus.load(SampleId{1}).image_extension == "png");
  CHECK(corpus.load(SampleId{1}).caption == "from json");
  CHECK(contains(read_text_file(out / "00000.tar"), R"({"key":"x/a","width":6,"height":4})"));
}

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

TEST_CASE_METHOD(ImportTest, "a corpus remembers whether training resizes its images first") {
  const std::string tar = (in / "0.tar").string();
  const std::string table = (in / "pairs.csv").string();
  test::write_file(in / "folder/a.png", test::png(1));
  test::write_file(in / "folder/a.txt", "a picture");
  test::write_file(table, "filepath\ttitle\nfolder/a.png\ta picture\n");
  test::write_file(tar, tar_member("a.png", test::png(1)) + tar_member("a.txt", "x") + kTarEnd);
  const auto imported = [&](const std::vector<std::string>& sources) {
    ImportOptions settings = options("");
    settings.sources = sources;
    std::filesystem::remove_all(out);
    const bool found = import_corpus(settings).manifest.resizes_first;
    CHECK(read_manifest(out / "manifest.json").resizes_first == found);
    return found;
  };
  CHECK(imported({table}));
  const std::string from_table = (folder.path() / "table").string();
  std::filesystem::rename(out, from_table);
  CHECK(imported({from_table}));
  CHECK(imported({(in / "folder").string()}));
  CHECK(!imported({tar}));
  CHECK(!imported({table, tar}));
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

TEST_CASE_METHOD(ImportTest, "a job's corpus may be a table or a folder: it is copied once") {
  make_folder();
  const auto index = folder.path() / "index";
  int calls = 0;
  const auto open = [&] {
    return open_or_index({.path = in.string(), .max_quarantined = 1}, index,
                         [&](std::uint64_t, std::uint64_t) { ++calls; });
  };
  CHECK(open() == index / "imported");
  CHECK(calls == 9);
  CHECK(Corpus::open(index / "imported").size() == 8);
  CHECK(open() == index / "imported");
  CHECK(calls == 9);
  // Another picture under an old name.
  test::write_file(in / "sub0/2.png", test::png(77, 30, 30));
  const auto before = Corpus::open(index / "imported").manifest().fingerprint;
  open();
  CHECK(calls == 18);
  CHECK(Corpus::open(index / "imported").manifest().fingerprint != before);
}

TEST_CASE_METHOD(ImportTest, "a job's table may have columns and a separator of its own") {
  test::write_file(in / "pairs.csv", "text;image\nfirst;a.png\nsecond;b.png\n");
  test::write_file(in / "a.png", test::png(1));
  test::write_file(in / "b.png", test::png(2));
  const auto corpus = open_or_index({.path = (in / "pairs.csv").string(),
                                     .csv_separator = ";",
                                     .csv_img_key = "image",
                                     .csv_caption_key = "text"},
                                    folder.path() / "index");
  CHECK(Corpus::open(corpus).load(SampleId{1}).caption == "second");
}

}  // namespace
}  // namespace helip::data
