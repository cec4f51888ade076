#include <catch2/catch.hpp>

#include "common/error.h"
#include "data/golden_files.h"
#include "data/text/clean_text.h"
#include "data/tokens/tokenizer.h"

namespace helip::data {
namespace {

TEST_CASE("caption keys are cleaned text, NFKC, case-folded, as Python has them") {
  const auto golden = test::read_json("clip_tokenizer/cases.json");
  for (const auto& one : golden.at("cases")) {
    CAPTURE(one.dump());
    const std::string text = one.at("text");
    CHECK(caption_key(text) == one.value("key", one.value("clean", text)));
  }
}

TEST_CASE("captions that differ in case, width, spaces, escapes or encoding share a key") {
  CHECK(caption_key("A  Red\tCar &amp; dog") == caption_key("a red ＣＡＲ & Dog"));
  CHECK(caption_key("Straße") == caption_key("STRASSE"));
  CHECK(caption_key("ﬁne ②") == "fine 2");
  CHECK(caption_key("cafÃ©") == caption_key("Café"));
  CHECK(caption_key("a cat") != caption_key("a cat."));
  CHECK_THROWS_AS(caption_key("\xC3"), DataError);
}

}  // namespace
}  // namespace helip::data
