#include <catch2/catch.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "common/error.h"
#include "data/tokens/tokenizer.h"

namespace helip::data {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

TEST_CASE("word dropout leaves out the stated share and keeps the order") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(1000 + i) + ' ';
  std::size_t kept = 0;
  for (std::uint64_t sample = 0; sample < 200; ++sample) {
    const auto words = split(drop_words(text, 0.3, 1, 2, sample, 0));
    kept += words.size();
    REQUIRE(std::is_sorted(words.begin(), words.end()));
    REQUIRE(std::set<std::string>(words.begin(), words.end()).size() == words.size());
  }
  // 20,000 draws: five standard deviations are 324.
  CHECK(kept > 14000 - 324);
  CHECK(kept < 14000 + 324);
}

TEST_CASE("word dropout is a pure function of its keys") {
  const std::string text = "one two three four five six seven eight nine ten eleven twelve";
  const std::string first = drop_words(text, 0.5, 1, 2, 3, 4);
  CHECK(first == drop_words(text, 0.5, 1, 2, 3, 4));
  CHECK(first != drop_words(text, 0.5, 9, 2, 3, 4));
  CHECK(first != drop_words(text, 0.5, 1, 9, 3, 4));
  CHECK(first != drop_words(text, 0.5, 1, 2, 9, 4));
  CHECK(first != drop_words(text, 0.5, 1, 2, 3, 9));
}

TEST_CASE("one word always stays, each as likely") {
  std::set<std::string> seen;
  for (std::uint64_t sample = 0; sample < 100; ++sample) {
    const std::string word = drop_words("red green blue", 1.0, 1, 0, sample, 0);
    REQUIRE(split(word).size() == 1);
    seen.insert(word);
  }
  CHECK(seen == std::set<std::string>{"red", "green", "blue"});
  CHECK(drop_words("alone", 1.0, 1, 0, 0, 0) == "alone");
  CHECK(drop_words("", 1.0, 1, 0, 0, 0).empty());
}

TEST_CASE("without dropout the text is untouched, and nonsense is refused") {
  CHECK(drop_words(" a  b ", 0.0, 1, 0, 0, 0) == " a  b ");
  CHECK_THROWS_AS(drop_words("a b", -0.1, 1, 0, 0, 0), ConfigError);
  CHECK_THROWS_AS(drop_words("a b", 1.1, 1, 0, 0, 0), ConfigError);
  CHECK_THROWS_AS(drop_words("a \xFF", 0.5, 1, 0, 0, 0), DataError);
}

}  // namespace
}  // namespace helip::data
