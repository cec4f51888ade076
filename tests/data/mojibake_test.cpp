#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "common/error.h"
#include "data/golden_files.h"
#include "data/tokenizer.h"

namespace helip::data {
namespace {

TEST_CASE("UTF-8 read as Windows-1252 is noticed") {
  // A lost no-break space leaves nothing to tell them by.
  const std::set<std::string> beyond = {"Ã la mode", "voilÃ  le travail"};
  const auto captions = test::read_json("captions/captions.json");
  REQUIRE(captions.at("mojibake").size() > 10);
  for (const std::string text : captions.at("mojibake")) {
    CAPTURE(text);
    CHECK(looks_like_mojibake(text) == (beyond.count(text) == 0));
  }
}

TEST_CASE("captions without mojibake are not taken for it") {
  const auto captions = test::read_json("captions/captions.json");
  REQUIRE(captions.at("plain").size() >= 300);
  for (const std::string text : captions.at("plain")) {
    CAPTURE(text);
    CHECK_FALSE(looks_like_mojibake(text));
  }
  CHECK_FALSE(looks_like_mojibake(""));
  CHECK_FALSE(looks_like_mojibake("Ã"));
  CHECK_THROWS_AS(looks_like_mojibake("\xC3"), DataError);
}

}  // namespace
}  // namespace helip::data
