#include "data/import/corpus_import.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "data/corpus/corpus.h"
#include "data/import/open_or_index.h"
#include "import_fixture.h"

namespace helip::data {
namespace {

using test::contains;
using test::kTarEnd;
using test::tar_member;

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
