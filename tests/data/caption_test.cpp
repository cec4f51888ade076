#include "data/text/caption.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "data/golden_files.h"
#include "data/text/clean_text.h"
#include "data/tokens/tokenizer.h"

namespace helip::data {
namespace {

using Strings = std::vector<std::string>;

// The bytes that a golden file holds as Latin-1.
std::string bytes_in(const std::string& latin1) {
  std::string bytes;
  for (std::size_t i = 0; i < latin1.size(); ++i) {
    const auto first = static_cast<unsigned char>(latin1[i]);
    if (first < 0x80) {
      bytes.push_back(latin1[i]);
    } else {
      const auto second = static_cast<unsigned char>(latin1[++i]);
      bytes.push_back(static_cast<char>(((first & 3U) << 6U) | (second & 0x3FU)));
    }
  }
  return bytes;
}

Caption caption_in(const std::string& json) {
  return caption_of_json(test::bytes_of(json), "caption");
}

TEST_CASE("captions in JSON are those that Python's json.loads and open_clip see") {
  const auto golden = test::read_json("json_captions/cases.json");
  REQUIRE(golden.size() >= 300);
  for (const auto& one : golden) {
    CAPTURE(one.dump());
    const Caption caption = caption_in(bytes_in(one.at("json")));
    CHECK(caption.text.empty() != caption.problem.empty());
    if (one.contains("clean")) {
      CHECK(clean_text(caption.text) == one.at("clean"));
      const bool is_empty = one.at("clean") == "";
      CHECK(caption.problem == (is_empty ? "the caption is empty" : ""));
    } else if (one.contains("kind")) {
      const std::string kind = one.at("kind");
      CHECK(caption.problem == "the json's field caption is " + kind + "; expected a string");
    } else if (one.contains("top")) {
      const std::string kind = one.at("top");
      CHECK(caption.problem == "the caption's json is " + kind + "; expected an object");
    } else if (one.contains("missing")) {
      CHECK_THAT(caption.problem, Catch::StartsWith("the json has no field caption; it has "));
    } else {
      CHECK(one.at("refused") == true);
      CHECK_THAT(caption.problem, Catch::StartsWith("the caption's json is not "));
    }
  }
}

TEST_CASE("a json that cannot be used says where and what is there") {
  CHECK(caption_in(R"({"caption": nan})").problem ==
        "the caption's json is not JSON; character 12: expected a value");
  CHECK(caption_in(R"({"a": [1, 2})").problem ==
        "the caption's json is not JSON; character 11: expected ',' or ']'");
  CHECK(caption_in("{\"a\": \"\xFF\"}").problem == "the caption's json is not valid UTF-8");
  CHECK(caption_in(R"({"alt": "x", "tags": [], "size": 1e999})").problem ==
        "the json has no field caption; it has alt, tags (a list), size (a number)");
  CHECK(caption_in("{}").problem == "the json has no field caption; it has none");
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += (i > 0 ? ",\"\\u0001" : "\"") + std::to_string(i) + "\":1";
  CHECK(caption_in(many + "}").problem.size() < 340);
  const std::string long_name = "{\"" + std::string(500'000, 'x') + "\": []}";
  CHECK(caption_in(long_name).problem.size() < 140);
  CHECK(json_fields(test::bytes_of(long_name)).at(0).size() < 80);
  CHECK(caption_in(std::string((1 << 20) + 1, ' ')).problem ==
        "the caption's json is larger than 1 MiB");
}

TEST_CASE("nested values are skipped at any depth, in bounded time") {
  const std::string deep(400'000, '[');
  const std::string closed = deep + std::string(400'000, ']');
  CHECK(caption_in(R"({"a":)" + closed + R"(,"caption":"a cat"})").text == "a cat");
  CHECK_THAT(caption_in(deep).problem, Catch::StartsWith("the caption's json is not JSON"));
  std::string fields = "{";
  for (int i = 0; i < 90'000; ++i) fields += "\"" + std::to_string(i) + "\":1,";
  CHECK(caption_in(fields + R"("caption":"a cat"})").text == "a cat");
}

TEST_CASE("the fields of a json are named with their kinds") {
  const std::string json =
      R"({"b": [NaN], "a": "x", "n": null, "t": true, "o": {"in": 1}, "\ud83d": -1})";
  CHECK(json_fields(test::bytes_of(json)) == Strings{"b (a list)", "a", "n (null)", "t (a boolean)",
                                                     "o (an object)", "\uFFFD (a number)"});
  CHECK(json_fields(test::bytes_of("[1]")).empty());
  CHECK(json_fields(test::bytes_of("{")).empty());
}

TEST_CASE("captions in text files are UTF-8 that is not empty") {
  const auto caption = [](const std::string& text) {
    return caption_of_text(test::bytes_of(text));
  };
  CHECK(caption("caf\xC3\xA9\r\n").text == "caf\xC3\xA9\r\n");
  CHECK(caption("caf\xE9").problem == R"(the caption is not valid UTF-8; it begins caf\xe9)");
  CHECK(caption("\xED\xA0\xBD").problem ==
        R"(the caption is not valid UTF-8; it begins \xed\xa0\xbd)");
  CHECK_THAT(caption(std::string("\xFF\xFE"
                                 "a\0",
                                 4) +
                     std::string(500'000, 'b'))
                 .problem,
             Catch::StartsWith(R"(the caption is not valid UTF-8; it begins \xff\xfea\x00b)"));
  CHECK(caption(" \n\xEF\xBB\xBF").problem == "the caption is empty");
  CHECK(caption(std::string((1 << 20) + 1, 'a')).problem == "the caption is larger than 1 MiB");
  CHECK(caption(std::string(1 << 20, 'a')).problem.empty());
}

}  // namespace
}  // namespace helip::data
