#include "data/text/mojibake.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/rng.h"
#include "data/golden_files.h"
#include "data/text/clean_text.h"
#include "data/text/mojibake_tables.h"
#include "data/text/unicode_text.h"
#include "data/tokens/tokenizer.h"

namespace helip::data {
namespace {

std::string repaired(std::u32string text, std::size_t work = 10'000) {
  return encode_utf8(repair_mojibake(std::move(text), work));
}

TEST_CASE("captions with mojibake become open_clip's, by their text and by their tokens") {
  const auto golden = test::read_json("mojibake/cases.json");
  REQUIRE(golden.at("repaired").size() >= 400);
  REQUIRE(golden.at("beyond").size() >= 50);
  REQUIRE(golden.at("right").size() >= 200);
  const auto tokenizer = make_clip_tokenizer(default_clip_vocabulary());
  for (const char* group : {"repaired", "beyond", "right"}) {
    for (const auto& one : golden.at(group)) {
      CAPTURE(group, one.dump());
      const std::string text = one.at("text");
      const std::string cleaned = clean_text(text);
      CHECK(cleaned == one.value("clean", text));
      CHECK(looks_like_mojibake(decode_utf8(cleaned)) == one.value("bad", false));
      auto expected = one.at("tokens").get<std::vector<std::int64_t>>();
      expected.resize(77);
      std::vector<std::int64_t> tokens(77);
      tokenizer->encode(text, tokens);
      CHECK(tokens == expected);
    }
  }
}

TEST_CASE("each way of repair does its part") {
  CHECK(repaired(U"caf\u00C3\u00A9") == "café");
  // Twice over.
  CHECK(repaired(U"caf\u00C3\u0192\u00C2\u00A9") == "café");
  // A no-break space that became a space, as a word of its own and in one.
  CHECK(repaired(U"\u00C3 la mode") == "à la mode");
  CHECK(repaired(U"\u00C3 s tr\u00C3\u00AAs") == "às três");
  // A byte that was lost.
  CHECK(repaired(U"\u00E2\u20AC\u0153quoted\u00E2\u20AC\uFFFD") == "“quoted\uFFFD");
  CHECK(repaired(U"\u00E2\u20AC\u0153quoted\u00E2\u20AC?") == "“quoted\uFFFD");
  // Beside right text that no encoding has.
  CHECK(repaired(U"\u732B caf\u00C3\u00A9") == "猫 café");
  // Surrogates each as UTF-8, and Java's NUL.
  CHECK(repaired(U"\u00ED\u00A0\u00BD\u00ED\u00B8\u0080") == "😀");
  CHECK(repaired(U"caf\u00C3\u00A9 \u00C0\u0080") == std::string("café \0", 7));
  // Control characters that are Windows-1252's.
  CHECK(repaired(U"\u0093quoted\u0094") == "“quoted”");
  CHECK(repaired(U"\u732B \u0093quoted\u0094 \u0081") == "猫 “quoted” \u0081");
}

TEST_CASE("right text, and what is not UTF-8 in any encoding, stays") {
  for (const char32_t* text : {U"", U"plain", U"\u00C3", U"caf\u00E9 \u20AC5", U"\u732B \u00C3",
                               U"\u00A4\u00A4", U"\u0440\u0443\u0441\u0441\u043A\u0438\u0439"}) {
    CAPTURE(encode_utf8(text));
    CHECK(repaired(text) == encode_utf8(text));
  }
}

TEST_CASE("repair takes no more work than it is allowed") {
  std::u32string nested = U"\u00C3";
  nested.append(200, U'\u0083');
  nested += U'\u00A9';
  std::size_t work = 100'000;
  CHECK(encode_utf8(repair_mojibake(nested, work)) == "é");
  CHECK(work > 0);
  work = 1000;
  CHECK(looks_like_mojibake(repair_mojibake(nested, work)));
  CHECK(work == 0);
}

TEST_CASE("any characters are cleaned, and cleaning ends") {
  std::vector<char32_t> known;
  for (const MojibakeCharacter& one : mojibake_characters()) known.push_back(one.character);
  RandomStream stream(1, "test.mojibake", {});
  for (int i = 0; i < 2000; ++i) {
    std::u32string text;
    for (std::uint64_t k = stream.below(30); k > 0; --k) text += known[stream.below(known.size())];
    CAPTURE(encode_utf8(text));
    const std::string cleaned = clean_text(encode_utf8(text));
    CHECK_NOTHROW(decode_utf8(cleaned));
  }
}

TEST_CASE("the table of characters is sorted and begins with ASCII") {
  const auto table = mojibake_characters();
  CHECK(std::is_sorted(table.begin(), table.end(),
                       [](const auto& a, const auto& b) { return a.character < b.character; }));
  for (char32_t c = 0; c < 0x80; ++c) REQUIRE(table[c].character == c);
}

}  // namespace
}  // namespace helip::data
