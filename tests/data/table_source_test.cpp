// Tables of image paths and captions: paths that lead nowhere, and quotes that take up rows.
#include <algorithm>
#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/text.h"
#include "corpus_support.h"
#include "data/import/import_source.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

struct TableSourceTest {
  test::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "t.csv";
  std::unique_ptr<ImportSource> open(const std::string& text) const {
    test::write_file(file, text);
    return open_import_source(file.string(), {});
  }
};

TEST_CASE_METHOD(TableSourceTest, "a path that names no file says why") {
  test::write_file(folder.path() / "im/a.png", test::png(1));
  const auto source =
      open("filepath,title\nim/a.png,x\n" + (folder.path() / "im/a.png").string() +
           ",x\nim/b.png,x\nim\\a.png,x\n im/a.png ,x\nhttps://example.org/a.png,x\n"
           "file:///im/a.png,x\n~/a.png,x\ns3://bucket/a.png,x\nim,x\n");
  std::vector<std::string> problems;
  for (std::uint64_t i = 0; i < source->size(); ++i) problems.push_back(source->read(i).problem);
  CHECK(problems ==
        std::vector<std::string>{
            "", "", "the image file is missing", "the image path has backslashes",
            "the image path has spaces around it", "the image is named by a URL: download it first",
            "the image is named by a file:// URL and not by its path",
            "the image path begins with ~, which a table's paths may not",
            "the image is named by a URL: download it first", "the image file is missing"});
  CHECK(test::contains(source->read(9).detail, "no regular file"));
}

TEST_CASE_METHOD(TableSourceTest, "captions with line ends are named, and rows that a quote took") {
  std::string text = "filepath\ttitle\n";
  for (int i = 0; i < 24; ++i)
    text += cat("im/", i, ".png\t", i == 5 ? "\"" : "", "caption ", i, i == 15 ? "\"" : "", "\n");
  const auto source = open(text);
  CHECK(source->size() == 14);
  REQUIRE(source->unpaired().size() == 1);
  const ImportProblem& problem = source->unpaired()[0];
  CHECK(problem.source == "t.csv:7");
  CHECK(problem.samples == 0);
  CHECK(test::contains(problem.reason, "a lone quote"));
  CHECK(problem.detail == "about 10 rows in lines 7 to 17: is a quote of line 7 not closed?");

  std::replace(text.begin(), text.end(), '\n', '\r');
  CHECK(open(text)->unpaired().at(0).detail == problem.detail);

  const auto meant =
      open("filepath,title\na.png,\"one, or\ntwo, or so\"\nb.png,\"three\nfour\"\nc.png,five\n");
  REQUIRE(meant->unpaired().size() == 1);
  CHECK(meant->unpaired()[0].reason == "captions that hold line ends");
  CHECK(meant->unpaired()[0].detail == "of 2 rows, this the first");
  CHECK(open("filepath,title\na.png,one\n")->unpaired().empty());
}

TEST_CASE_METHOD(TableSourceTest, "rows that a lone quote took are named, whatever its column") {
  const auto beside =
      open("filepath\ttitle\tnote\n0.png\ta\t\"lone\n1.png\tb\tx\n2.png\tc\t\"y\n3.png\td\tz\n");
  CHECK(beside->size() == 2);
  REQUIRE(beside->unpaired().size() == 1);
  CHECK(test::contains(beside->unpaired()[0].reason, "a lone quote"));
  CHECK(beside->unpaired()[0].detail ==
        "about 2 rows in lines 2 to 4: is a quote of line 2 not closed?");

  const auto image = open("filepath\ttitle\n\"0.png\ta\n1.png\tb\n2.png\"\tc\n3.png\td\n");
  CHECK(image->size() == 2);
  REQUIRE(image->unpaired().size() == 1);
  CHECK(image->unpaired()[0].detail ==
        "about 2 rows in lines 2 to 4: is a quote of line 2 not closed?");
  CHECK(image->read(0).problem == "the image path holds a line end, as a lone quote leaves it");

  const auto meant = open("filepath,title,note\na.png,x,\"one\ntwo\"\nb.png,y,\"three\nfour\"\n");
  REQUIRE(meant->unpaired().size() == 1);
  CHECK(meant->unpaired()[0].reason == "fields beside the caption that hold line ends");
  CHECK(meant->unpaired()[0].detail == "of 2 rows, this the first");
}

TEST_CASE_METHOD(TableSourceTest, "a header without rows is an error") {
  CHECK(test::contains(test::error_of<DataError>([&] { open("filepath,title\n"); }),
                       "t.csv: the table has no rows"));
}

TEST_CASE_METHOD(TableSourceTest, "tars are told by their bytes too, whatever their names") {
  const std::string tar =
      test::tar_member("x.jpg", "1") + test::tar_member("x.txt", "x") + test::kTarEnd;
  CHECK(open(tar)->read(0).key == "x");
  test::write_file(folder.path() / "a.tgz", "\x1F\x8B\x08 and so on");
  CHECK(test::contains(test::error_of<DataError>(
                           [&] { open_import_source((folder.path() / "a.tgz").string(), {}); }),
                       "gzip -dc a.tgz > NEW"));
}

}  // namespace
}  // namespace helip::data
