// JSON against nlohmann's library, whose reader and writer it uses: the same values, the same
// bytes, the same words in errors.
#include "common/json.h"

#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

namespace helip {
namespace {

using Catch::Matchers::Contains;

const std::vector<std::string> kDocuments = {
    "null",
    "true",
    "-3",
    "18446744073709551615",
    "0.1",
    "1e300",
    "-0.0",
    "\"\"",
    "[]",
    "{}",
    R"({"b": 1, "a": [1, -2, 3.5, "x", null, {"c": {}}], "d/e~": {"": []}})",
    R"({"twice": 1, "other": 2, "twice": {"last": true}})",
    R"(["ä\u0000\n\"\\/", "\ud83d\ude00", [[[[]]]], [{}, {"k": [false]}]])",
};
const std::vector<std::string> kNoDocuments = {
    "",   " ",        "{",   "[1, 2", "[1,]",      "{\"a\"}", "{\"a\": }", "nul",
    "01", "\"\xff\"", "1 2", "1e999", "[\"\\x\"]", "{1: 2}",  "\xef\xbb",  "'a'",
};

template <typename Nlohmann, typename Ours>
void check_written(const Ours& found, const Nlohmann& expected) {
  for (const int indent : {-1, 0, 2}) {
    CHECK(found.dump(indent) == expected.dump(indent));
    CHECK(found.dump(indent, ' ', true) == expected.dump(indent, ' ', true));
  }
  CHECK(found.flatten().dump() == expected.flatten().dump());
  CHECK(found.type_name() == std::string(expected.type_name()));
  CHECK(found.size() == expected.size());
  CHECK(found.is_number_unsigned() == expected.is_number_unsigned());
  CHECK(found.is_number_integer() == expected.is_number_integer());
}

// The words of the library without its tag.
std::string words(const nlohmann::json::exception& error) {
  const std::string text = error.what();
  return text.substr(text.find("] ") + 2);
}

TEST_CASE("a document is read and written as nlohmann's library does, in both orders of keys") {
  for (const std::string& text : kDocuments) {
    INFO(text);
    check_written(Json::parse(text), nlohmann::json::parse(text));
    check_written(OrderedJson::parse(text), nlohmann::ordered_json::parse(text));
    CHECK(Json(OrderedJson::parse(text)) == Json::parse(text));
    CHECK(Json::parse(text).dump() == Json(Json::parse(text)).dump());
  }
}

TEST_CASE("what is not JSON is refused with the library's words and place, or discarded") {
  for (const std::string& text : kNoDocuments) {
    INFO(text);
    CHECK(Json::parse(text, nullptr, false).is_discarded());
    CHECK_FALSE(OrderedJson::parse(text, nullptr, false).is_object());
    std::string expected;
    std::size_t byte = 0;
    try {
      [[maybe_unused]] const auto read = nlohmann::json::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
      expected = words(error);
      byte = error.byte;
    } catch (const nlohmann::json::exception& error) {
      expected = words(error);
    }
    REQUIRE_FALSE(expected.empty());
    try {
      [[maybe_unused]] const Json read = Json::parse(text);
      FAIL("it was read");
    } catch (const JsonSyntaxError& error) {
      CHECK(error.what() == expected);
      CHECK(error.byte == byte);
    } catch (const JsonError& error) {  // a number that no double holds
      CHECK(error.what() == expected);
      CHECK(byte == 0);
    }
  }
}

TEST_CASE("a watch sees what the library's callback sees") {
  for (const std::string& text : kDocuments) {
    INFO(text);
    std::vector<std::string> expected;
    [[maybe_unused]] const auto theirs = nlohmann::json::parse(
        text, [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
          constexpr std::array kNames = {"{", "}", "[", "]", "key", "value"};
          expected.push_back(
              std::to_string(depth) + kNames.at(static_cast<std::size_t>(event)) +
              (event == nlohmann::json::parse_event_t::key ? value.get<std::string>() : ""));
          return true;
        });
    std::vector<std::string> found;
    [[maybe_unused]] const Json ours =
        Json::parse(text, [&](int depth, JsonEvent event, const std::string& key) {
          constexpr std::array kNames = {"{", "}", "[", "]", "key", "value"};
          found.push_back(std::to_string(depth) + kNames.at(static_cast<std::size_t>(event)) + key);
        });
    CHECK(found == expected);
  }
}

TEST_CASE("lists in braces are objects or arrays as the library takes them") {
  const std::vector<std::uint64_t> numbers = {1, 2};
  const std::map<std::string, double> scores = {{"b", 0.5}, {"a", 2.0}};
  const auto build = [&]<typename T>(const T& inner) {
    T made = {{"text", "x"},
              {"whole", -1},
              {"list", {1, 2, 3}},
              {"pair", {"a", "b"}},
              {"deep", {{"k", inner}, {"l", {{"m", true}}}}},
              {"numbers", numbers},
              {"scores", scores},
              {"none", nullptr},
              {"real", 0.25F},
              {"empty", T::array()}};
    made["added"] = {{"bytes", std::size_t{7}}, {"sha256", "0f"}};
    made["later"].push_back({{"id", 3U}});
    made["later"].push_back(T::array({inner}));
    return made;
  };
  check_written(build(Json::parse("[1]")), build(nlohmann::json::parse("[1]")));
  check_written(build(OrderedJson::parse("[1]")), build(nlohmann::ordered_json::parse("[1]")));
}

template <typename Ask, typename Same>
void check_refused(const Ask& ask, const Same& same) {
  std::string expected;
  try {
    same(nlohmann::json::parse(R"({"n": 1, "t": "x", "b": true, "l": [1], "o": {}})"));
  } catch (const nlohmann::json::exception& error) {
    expected = words(error);
  }
  REQUIRE_FALSE(expected.empty());
  const Json json = Json::parse(R"({"n": 1, "t": "x", "b": true, "l": [1], "o": {}})");
  CHECK_THROWS_WITH(ask(json), expected);
}

TEST_CASE(
    "a value of another type and a key that is missing are refused with the library's words") {
  const auto check = [](auto ask) { check_refused(ask, ask); };
  check([](const auto& json) { return json.at("n").template get<std::string>(); });
  check([](const auto& json) { return json.at("t").template get<std::uint64_t>(); });
  check([](const auto& json) { return json.at("b").template get<double>(); });
  check([](const auto& json) { return json.at("n").template get<bool>(); });
  check([](const auto& json) { return json.at("o").template get<std::vector<int>>(); });
  check([](const auto& json) { return json.at("gone").size(); });
  check([](const auto& json) { return json.at("n").at("k").size(); });
  check([](const auto& json) { return json.at("l").at(5).size(); });
  check([](const auto& json) { return json.at("o").at(0).size(); });
  check([](const auto& json) { return json.at("n").value("k", 1); });
  check([](const auto& json) { return json.value("t", 1); });
  check([](const auto& json) {
    auto copy = json.at("n");
    copy.push_back(1);
  });
}

TEST_CASE("text that is not UTF-8 is refused or replaced when it is written") {
  const std::string bad = "a\xff";
  CHECK_THROWS_WITH(Json(bad).dump(), Contains("invalid UTF-8 byte"));
  CHECK(Json(bad).dump(-1, ' ', false, JsonText::replace) == "\"a\xef\xbf\xbd\"");
  CHECK(Json(std::numeric_limits<double>::quiet_NaN()).dump() == "null");
}

TEST_CASE("numbers are equal by their values, and other types never") {
  CHECK(Json(0) == Json(0.0));
  CHECK(Json(0U) == Json(0));
  CHECK(Json(std::numeric_limits<std::uint64_t>::max()) != Json(1.0));
  CHECK(Json(1) != Json(true));
  CHECK(Json("1") != Json(1));
  CHECK(Json() == Json(nullptr));
  CHECK(Json::parse("[1, {\"a\": 2}]") == Json::parse("[1.0, {\"a\": 2}]"));
}

TEST_CASE("an object's values are met by items alone, and what is no list has none to go over") {
  const Json object = Json::parse(R"({"b": 1, "a": 2})");
  CHECK_THROWS_WITH(object.begin(), "type must be array, but is object");
  std::string keys;
  for (const auto& [key, value] : object.items()) keys += key;
  CHECK(keys == "ab");
  const OrderedJson ordered = OrderedJson::parse(R"({"b": 1, "a": 2})");
  for (const auto& [key, value] : ordered.items()) keys += key;
  CHECK(keys == "abba");
  const Json list = Json::parse("[1]");
  CHECK_THROWS_AS(list.items(), JsonError);
  const Json number(4);
  CHECK_THROWS_WITH(number.begin(), "type must be array, but is number");
  CHECK(std::distance(Json().begin(), Json().end()) == 0);
  CHECK(object.find("c") == object.end());
  CHECK_FALSE(number.contains("c"));
}

TEST_CASE("a value takes another that lies inside it") {
  Json json = Json::parse(R"({"a": {"b": [1, 2]}})");
  json = json.at("a").at("b");
  CHECK(json.dump() == "[1,2]");
  json.push_back(json);
  CHECK(json.dump() == "[1,2,[1,2]]");
}

TEST_CASE("a document of a million levels is read and freed") {
  const std::size_t levels = 1'000'000;
  CHECK(Json::parse(std::string(levels, '[') + std::string(levels, ']')).is_array());
  CHECK(Json::parse(std::string(levels, '['), nullptr, false).is_discarded());
}

}  // namespace
}  // namespace helip
