#include "jobs/record.h"

#include <limits>

#include "common/error.h"
#include "common/text.h"

namespace helip::jobs {
namespace {

[[noreturn]] void wrong_type(const std::string& place, const char* expected, const Json& found) {
  constexpr std::size_t kShownBytes = 80;
  throw StoreError(
      {.what = "a value has the wrong type",
       .where = place,
       .expected = expected,
       .found = shortened(found.dump(-1, ' ', false, JsonText::replace), kShownBytes)});
}

std::uint64_t whole_number(const Json& value, const std::string& place, std::uint64_t most) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    wrong_type(place, "a whole number", value);
  }
  return value.get<std::uint64_t>();
}

}  // namespace

RecordReader::RecordReader(Json value, std::string where)
    : object_(std::move(value)), where_(std::move(where)) {
  if (!object_.is_object()) throw StoreError({.what = "not a JSON object", .where = where_});
}

std::string RecordReader::place_of(const char* name) const { return cat(where_, ": ", name); }

const Json& RecordReader::taken(const char* name) {
  if (!object_.contains(name) || !taken_.insert(name).second) {
    throw StoreError({.what = "a key is missing", .where = place_of(name)});
  }
  return object_.at(name);
}

const Json& RecordReader::taken_list(const char* name) {
  const Json& found = taken(name);
  if (!found.is_array()) wrong_type(place_of(name), "a list", found);
  return found;
}

bool RecordReader::take_null(const char* name) {
  if (!object_.contains(name) || !object_.at(name).is_null()) return false;
  taken(name);
  return true;
}

void RecordReader::take(const char* name, std::uint64_t& value) {
  value = whole_number(taken(name), place_of(name), std::numeric_limits<std::uint64_t>::max());
}

void RecordReader::take(const char* name, std::uint32_t& value) {
  value = static_cast<std::uint32_t>(
      whole_number(taken(name), place_of(name), std::numeric_limits<std::uint32_t>::max()));
}

void RecordReader::take(const char* name, double& value) {
  const Json& found = taken(name);
  if (!found.is_number()) wrong_type(place_of(name), "a number", found);
  value = found.get<double>();
}

void RecordReader::take(const char* name, bool& value) {
  const Json& found = taken(name);
  if (!found.is_boolean()) wrong_type(place_of(name), "true or false", found);
  value = found.get<bool>();
}

void RecordReader::take(const char* name, std::string& value) {
  const Json& found = taken(name);
  if (!found.is_string()) wrong_type(place_of(name), "text", found);
  value = found.get<std::string>();
}

void RecordReader::take(const char* name, std::filesystem::path& value) {
  std::string text;
  take(name, text);
  value = text;
}

void RecordReader::take(const char* name, std::map<std::string, double>& value) {
  const Json& found = taken(name);
  if (!found.is_object()) wrong_type(place_of(name), "numbers by their names", found);
  value.clear();
  for (const auto& [key, number] : found.items()) {
    if (!number.is_number()) wrong_type(cat(place_of(name), ".", key), "a number", number);
    value[key] = number.get<double>();
  }
}

void RecordReader::finish() const {
  for (const auto& [key, value] : object_.items()) {
    if (taken_.contains(key)) continue;
    throw StoreError({.what = "unknown key", .where = cat(where_, ": ", key)});
  }
}

}  // namespace helip::jobs
