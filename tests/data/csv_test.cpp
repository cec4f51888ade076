#include "data/import/csv.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "corpus_support.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

TEST_CASE("tables are read as pandas reads them") {
  const auto cases = Json::parse(read_text_file(test::golden_folder("csv") + "cases.json"));
  REQUIRE(cases.size() >= 10);
  for (const auto& item : cases) {
    const auto text = item.at("text").get<std::string>();
    CAPTURE(text);
    const auto rows = parse_csv(text, item.at("separator").get<std::string>()[0], "table");
    REQUIRE(rows.size() == item.at("rows").size());
    for (std::size_t i = 0; i < rows.size(); ++i)
      CHECK(rows[i].fields == item.at("rows")[i].get<std::vector<std::string>>());
  }
}

struct CsvTest {
  test::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "pairs.tsv";
  std::vector<CsvPair> read(const std::string& text, const CsvOptions& options = {}) const {
    test::write_file(file, text);
    return read_csv_table(file, options).pairs;
  }
  std::string error(const std::string& text, const CsvOptions& options = {}) const {
    return test::error_of<DataError>([&] { read(text, options); });
  }
};

TEST_CASE_METHOD(CsvTest, "columns are found by name and rows know their lines") {
  const auto pairs = read("id\ttitle\tfilepath\n1\t\"a\nb\"\tx.png\n2\tc\n", {});
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].line == 2);
  CHECK(pairs[0].image == "x.png");
  CHECK(pairs[0].caption == "a\nb");
  CHECK(pairs[1].line == 4);
  CHECK(pairs[1].image.empty());
  CHECK(pairs[1].caption == "c");
  CHECK(
      read("img,text\n1.jpg,t\n", {.separator = ',', .image_key = "img", .caption_key = "text"})[0]
          .caption == "t");
}

TEST_CASE_METHOD(CsvTest,
                 "a table with a wrong header, an open quote or too many fields names its line") {
  using test::contains;
  CHECK(contains(error(""), "the table is empty"));
  CHECK(contains(error("\n\n"), "the table is empty"));
  const std::string missing = error("path\ttitle\nx\ty\n");
  CAPTURE(missing);
  CHECK(contains(missing, "pairs.tsv:1: the table has no column filepath"));
  CHECK(contains(missing, "--csv-img-key and --csv-caption-key"));
  CHECK(contains(missing, "--csv-separator"));
  CHECK(contains(missing, "found path, title, separated by a tab"));
  CHECK(contains(error("filepath\ttitle\ttitle\n"), "more than one column title"));
  CHECK(contains(error("filepath\ttitle\nx\ty\tz\n"), "pairs.tsv:2: a row has more fields"));
  CHECK(contains(error("filepath\ttitle\na\tb\nx\t\"open\n"),
                 "pairs.tsv:3: a quoted field is not closed"));
  CHECK(contains(error("filepath\ttitle\na\tb\nx\t\"open\ny\tz\n"),
                 "found the end of the file in line 5, the field begins 'open"));
}

TEST_CASE_METHOD(CsvTest, "the header tells the separator") {
  using test::contains;
  for (const std::string separator : {"\t", ",", ";", "|"}) {
    CAPTURE(separator);
    const auto pairs = read("id" + separator + "title" + separator + "filepath\r\n1" + separator +
                            "\"a" + separator + " b\"" + separator + "x.png\r\n");
    REQUIRE(pairs.size() == 1);
    CHECK(pairs[0].image == "x.png");
    CHECK(pairs[0].caption == "a" + separator + " b");
  }
  // Captions may hold other separators.
  CHECK(read("filepath,title\na.png,one; two\tthree|four\n")[0].caption == "one; two\tthree|four");
  CHECK(read("\xEF\xBB\xBF\"filepath\",\"title\"\ra.png,one\rb.png,two\r").size() == 2);
  const std::string wrong = error("filepath,title\na.png,one\n", {.separator = '\t'});
  CAPTURE(wrong);
  CHECK(contains(wrong, "auto: a comma gives both columns; found filepath,title alone"));
  const std::string both =
      test::error_of<ConfigError>([&] { read("filepath,title,x\tfilepath\ttitle\na.png,one\n"); });
  CHECK(contains(both, "expected --csv-separator"));
  CHECK(contains(both, "found a tab and a comma"));
}

TEST_CASE_METHOD(CsvTest, "whatever a header is, the line about it is short and clear") {
  using test::contains;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a.png\ta dog\nb.png\ta cat\n", "found a.png, a dog, separated by a tab"},
      {"filepath, title\na.png, one\n", "found filepath, ' title', separated by a comma"},
      {"a b c", "found a b c alone"},
      {"filepath:title\na.png:one\n", "found filepath:title alone"},
      {"filepath:title\na.png:one\n", "separates them, --csv-separator (corpus.csv_separator)"},
      {"sep=;\nfilepath;title\na.png;one\n",
       "pairs.tsv:1: line 1 is a spreadsheet's separator hint"},
      {"\xEF\xBB\xBFSEP=,\r\nfilepath,title\r\n", "hint: remove it"},
      {"\"sep=\t\"\nfilepath\ttitle\n", "hint: remove it"},
      {"sep=\nfilepath\ttitle\n", "hint: remove it"},
      {std::string(1 << 20, 'x'), "no column filepath"},
      {std::string(1 << 20, ','), "and 1048569 more, separated by a comma"},
      {"\"filepath\ttitle\nx\ty\n", "a quoted field is not closed"},
  };
  for (const auto& [text, part] : cases) {
    const std::string line = error(text);
    CAPTURE(line);
    CHECK(contains(line, part));
    CHECK(line.size() <= 400);
  }
}

TEST_CASE_METHOD(CsvTest, "a file that is no text is named, with what makes a table of it") {
  using namespace std::string_literals;
  using test::contains;
  const std::string wide = "f\0i\0l\0e\0,\0t\0"s;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"PAR1\x15\x04"s, "read_parquet('pairs.tsv').to_csv('NEW.csv', index=False)"},
      {"\x1F\x8B\x08\x08"s, "gzip -dc pairs.tsv > NEW"},
      {"PK\x03\x04\x14"s, "a zip archive or a workbook"},
      {"\xFF\xFE"s + wide, "iconv -f UTF-16 -t UTF-8 pairs.tsv"},
      {wide, "text in UTF-16LE"},
      {"\0f\0i\0l\0e"s, "text in UTF-16BE"},
      {"\xFF\xFE\0\0f\0\0\0"s, "text in UTF-32"},
      {"\x89HDF\r\n\x1A\n"s, "an HDF5 file"},
      {"SQLite format 3\0"s, "an SQLite database"},
      {"\x80\x04\x95"s, "a Python pickle"},
      {"{\"filepath\": \"a.png\"}\n"s, "read_json('pairs.tsv', lines=True)"},
      {"[{\"filepath\": \"a.png\"}]"s, "read_json('pairs.tsv').to_csv"},
      {"<html>"s, "an HTML or XML page"},
      {"filepath\0title\n"s, "byte 8: not a table"},
      {cat("filepath\ttitle\n", std::string(8000, ' '), "\na.png\tone\0"s),
       "found a zero byte in line 3"},
      {"\x93NUMPY"s, "a NumPy array"},
      {"ARROW1\0\0"s, "an Arrow file"},
  };
  for (const auto& [content, part] : cases) {
    const std::string line = error(content);
    CAPTURE(line);
    CHECK(contains(line, "not a table; expected a CSV or TSV table in UTF-8"));
    CHECK(contains(line, part));
  }
}

TEST_CASE("the separator of a configuration is one character, a tab by its name, or told") {
  const auto separator = [](const std::string& text) {
    return csv_options_of({.path = "a.csv", .csv_separator = text}).separator;
  };
  CHECK(separator(",") == ',');
  CHECK(separator("tab") == '\t');
  CHECK(separator("\\t") == '\t');
  CHECK(separator("\t") == '\t');
  CHECK(separator("auto") == kToldByHeader);
  for (const std::string wrong : {"", "ab", "\"", "\n", "\r"})
    CHECK_THROWS_AS(separator(wrong), ConfigError);
}

}  // namespace
}  // namespace helip::data
