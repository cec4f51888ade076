#include "data/text/clean_text.h"

#include <catch2/catch.hpp>
#include <string>

#include "common/error.h"
#include "data/golden_files.h"
#include "data/text/html_entities.h"
#include "data/text/unicode_text.h"
#include "data/tokens/tokenizer.h"

namespace helip::data {
namespace {

TEST_CASE("cleaning equals open_clip's") {
  const auto golden = test::read_json("clip_tokenizer/cases.json");
  for (const auto& one : golden.at("cases")) {
    const std::string text = one.at("text");
    CAPTURE(one.dump());
    CHECK(clean_text(text) == one.value("clean", text));
  }
}

TEST_CASE("deeply escaped text ends in bounded time") {
  std::string text = "&";
  for (int i = 0; i < 20000; ++i) text += "amp;";
  const std::string cleaned = clean_text(text);
  CHECK(cleaned.size() < text.size() - 400);
}

TEST_CASE("text that is not UTF-8 is refused with its place") {
  for (const std::string bad :
       {"ab\xFF", "ab\xC3", "ab\xC0\xAF", "ab\xED\xA0\x80", "ab\xF4\x90\x80\x80", "ab\xE2\x82"}) {
    CAPTURE(bad.size());
    CHECK_THROWS_WITH(clean_text(bad), Catch::Contains("byte 2"));
    CHECK_THROWS_AS(clean_text(bad), DataError);
  }
}

TEST_CASE("UTF-8 round-trips every code point") {
  std::u32string all;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c < 0xD800 || c > 0xDFFF) all.push_back(c);
  }
  CHECK(decode_utf8(encode_utf8(all)) == all);
}

TEST_CASE("the entity tables are sorted and whole") {
  CHECK(html5_entities().size() == 2231);
  for (const auto table : {html5_entities(), capital_entities()}) {
    for (std::size_t i = 1; i < table.size(); ++i) REQUIRE(table[i - 1].name < table[i].name);
    for (const HtmlEntity& entity : table) REQUIRE(find_entity(table, entity.name) == &entity);
    CHECK(find_entity(table, "nosuchentity;") == nullptr);
    CHECK(find_entity(table, "") == nullptr);
  }
}

}  // namespace
}  // namespace helip::data
