#include "model/files/json_fields.h"

#include <limits>
#include <utility>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

namespace helip::model {

namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kShownBytes = 80;

}  // namespace

Json parse_json_object(std::string_view text, const std::string& where) {
  // Printing and comparing recurse.
  const auto refuse_depth = [&](int depth, JsonEvent, const std::string&) {
    if (depth <= kMaxDepth) return;
    throw ConfigError({.what = "the model's file is nested too deeply",
                       .where = where,
                       .expected = cat("at most ", kMaxDepth, " levels"),
                       .found = "more"});
  };
  Json parsed = Json::parse(text, refuse_depth, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) {
    throw ConfigError({.what = "the model's file is not JSON", .where = where});
  }
  if (!parsed.is_object()) {
    throw ConfigError({.what = "the model's file is not a JSON object",
                       .where = where,
                       .expected = "an object",
                       .found = parsed.type_name()});
  }
  return parsed;
}

JsonDifference first_difference(const Json& a, const Json& b) {
  const Json left = a.flatten();
  const Json right = b.flatten();
  const auto value = [](const Json& json, const std::string& key) {
    return json.contains(key) ? json.at(key).dump() : "the default";
  };
  for (const auto* json : {&left, &right}) {
    for (const auto& [key, ignored] : json->items()) {
      if (value(left, key) != value(right, key)) {
        return {key, value(left, key), value(right, key)};
      }
    }
  }
  return {};
}

JsonFields::JsonFields(const Json& object, std::string where, std::string path)
    : object_(object), where_(std::move(where)), path_(std::move(path)) {}

bool JsonFields::has(const std::string& key) const {
  const auto found = object_.find(key);
  return found != object_.end() && !found->is_null();
}

std::int64_t JsonFields::positive(const std::string& key, std::optional<std::int64_t> fallback,
                                  std::int64_t at_most) {
  if (fallback && !has(key)) {
    asked_.insert(key);
    return *fallback;
  }
  const Json& value = need(key, "a positive whole number");
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0) {
    fail(key, "wrong value", "a positive whole number", value.dump());
  }
  if (value.get<std::uint64_t>() > static_cast<std::uint64_t>(at_most)) {
    fail(key, "wrong value", cat("at most ", at_most), value.dump());
  }
  return value.get<std::int64_t>();
}

std::int64_t JsonFields::square(const std::string& key) {
  const Json& value = need(key, "a positive whole number");
  if (!value.is_array()) return positive(key);
  if (value.size() != 2 || value[0] != value[1] || !value[0].is_number_unsigned() ||
      value[0].get<std::uint64_t>() == 0 ||
      value[0].get<std::uint64_t>() > std::numeric_limits<std::int32_t>::max()) {
    fail(key, "only squares are supported", "a number or two equal ones", value.dump());
  }
  return value[0].get<std::int64_t>();
}

double JsonFields::number(const std::string& key, std::optional<double> fallback) {
  if (fallback && !has(key)) {
    asked_.insert(key);
    return *fallback;
  }
  const Json& value = need(key, "a number");
  if (!value.is_number()) fail(key, "wrong type", "a number", value.dump());
  return value.get<double>();
}

bool JsonFields::boolean(const std::string& key, bool fallback) {
  asked_.insert(key);
  if (!has(key)) return fallback;
  const Json& value = need(key, "true or false");
  if (!value.is_boolean()) fail(key, "wrong type", "true or false", value.dump());
  return value.get<bool>();
}

std::string JsonFields::text(const std::string& key, const std::optional<std::string>& fallback) {
  if (fallback && !has(key)) {
    asked_.insert(key);
    return *fallback;
  }
  const Json& value = need(key, "text");
  if (!value.is_string()) fail(key, "wrong type", "text", value.dump());
  return value.get<std::string>();
}

std::vector<double> JsonFields::numbers(const std::string& key, std::size_t count) {
  const std::string expected = cat("a list of ", count, " numbers");
  const Json& value = need(key, expected);
  std::vector<double> result;
  if (value.is_array()) {
    for (const Json& entry : value) {
      if (entry.is_number()) result.push_back(entry.get<double>());
    }
  }
  if (result.size() != count || value.size() != count) {
    fail(key, "wrong value", expected, value.dump());
  }
  return result;
}

JsonFields JsonFields::object(const std::string& key) {
  const Json& value = need(key, "an object");
  if (!value.is_object()) fail(key, "wrong type", "an object", value.dump());
  return {value, where_, name(key)};
}

void JsonFields::only(const std::string& key, const Json& expected) {
  const Json* value = find(key);
  if (value == nullptr || value->is_null() || *value == expected) return;
  fail(key, "this option of the model is not supported", expected.dump(), value->dump());
}

void JsonFields::ignore(const std::string& key) { asked_.insert(key); }

void JsonFields::finish() const {
  for (const auto& [key, value] : object_.items()) {
    if (!asked_.contains(key)) fail(key, "unknown key", {}, value.dump());
  }
}

void JsonFields::fail(const std::string& key, const std::string& what, const std::string& expected,
                      const std::string& found) const {
  throw ConfigError({.what = what,
                     .where = where_ + ": " + name(key),
                     .expected = expected,
                     .found = shortened(found, kShownBytes)});
}

const Json* JsonFields::find(const std::string& key) {
  asked_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

const Json& JsonFields::need(const std::string& key, const std::string& expected) {
  const Json* value = find(key);
  if (value == nullptr || value->is_null()) fail(key, "a key is missing", expected, "nothing");
  return *value;
}

std::string JsonFields::name(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

}  // namespace helip::model
