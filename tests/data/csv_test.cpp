#include "data/csv.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "corpus_support.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

TEST_CASE("tables are read as pandas reads them") {
  const auto cases =
      nlohmann::json::parse(read_text_file(test::golden_folder("csv") + "cases.json"));
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
    return read_csv_pairs(file, options);
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
  CHECK(contains(error("path\ttitle\nx\ty\n"), "pairs.tsv:1"));
  CHECK(contains(error("path\ttitle\nx\ty\n"), "expected a column filepath; found path, title"));
  CHECK(contains(error("filepath\ttitle\ttitle\n"), "expected a column title"));
  CHECK(contains(error("filepath\ttitle\nx\ty\tz\n"), "pairs.tsv:2: a row has more fields"));
  CHECK(contains(error("filepath\ttitle\na\tb\nx\t\"open\n"),
                 "pairs.tsv:3: a quoted field is not closed"));
}

TEST_CASE("the separator of a configuration is one character, or a tab by its name") {
  const auto separator = [](const std::string& text) {
    return csv_options_of({.path = "a.csv", .csv_separator = text}).separator;
  };
  CHECK(separator(",") == ',');
  CHECK(separator("tab") == '\t');
  CHECK(separator("\\t") == '\t');
  CHECK(separator("\t") == '\t');
  for (const std::string wrong : {"", "ab", "\"", "\n", "\r"})
    CHECK_THROWS_AS(separator(wrong), ConfigError);
}

}  // namespace
}  // namespace helip::data
