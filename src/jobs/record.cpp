#include "jobs/record.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/error.h"
#include "common/text.h"

namespace helip::jobs {

using nlohmann::json;

struct RecordWriter::Object {
  json value = json::object();
};

RecordWriter::RecordWriter() : object_(std::make_unique<Object>()) {}
RecordWriter::~RecordWriter() = default;

void RecordWriter::put(const char* name, std::uint64_t value) { object_->value[name] = value; }
void RecordWriter::put(const char* name, std::uint32_t value) { object_->value[name] = value; }
void RecordWriter::put(const char* name, double value) { object_->value[name] = value; }
void RecordWriter::put(const char* name, bool value) { object_->value[name] = value; }
void RecordWriter::put(const char* name, const std::string& value) { object_->value[name] = value; }
void RecordWriter::put(const char* name, const std::filesystem::path& value) {
  object_->value[name] = value.string();
}
void RecordWriter::put(const char* name, const std::map<std::string, double>& value) {
  object_->value[name] = value;
}
void RecordWriter::put_json(const char* name, const std::string& text) {
  object_->value[name] = json::parse(text);
}
void RecordWriter::put_null(const char* name) { object_->value[name] = nullptr; }
void RecordWriter::put_list(const char* name, const std::vector<std::string>& items) {
  json list = json::array();
  for (const std::string& item : items) list.push_back(json::parse(item));
  object_->value[name] = std::move(list);
}

std::string RecordWriter::text() const { return object_->value.dump(); }

struct RecordReader::Object {
  json value;

  // Removes the value of a key and returns it.
  json take(const char* name, const std::string& place) {
    const auto found = value.find(name);
    if (found == value.end()) throw StoreError({.what = "a key is missing", .where = place});
    json taken = std::move(*found);
    value.erase(found);
    return taken;
  }
};

namespace {

[[noreturn]] void wrong_type(const std::string& place, const char* expected, const json& found) {
  constexpr std::size_t kShownBytes = 80;
  throw StoreError({.what = "a value has the wrong type",
                    .where = place,
                    .expected = expected,
                    .found = shortened(found.dump(-1, ' ', false, json::error_handler_t::replace),
                                       kShownBytes)});
}

std::uint64_t whole_number(const json& value, const std::string& place, std::uint64_t most) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    wrong_type(place, "a whole number", value);
  }
  return value.get<std::uint64_t>();
}

}  // namespace

RecordReader::RecordReader(std::string_view text, std::string where)
    : object_(std::make_unique<Object>()), where_(std::move(where)) {
  object_->value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object_->value.is_object()) {
    throw StoreError({.what = "not a JSON object", .where = where_});
  }
}
RecordReader::~RecordReader() = default;

std::string RecordReader::place_of(const char* name) const { return cat(where_, ": ", name); }

void RecordReader::take(const char* name, std::uint64_t& value) {
  value = whole_number(object_->take(name, place_of(name)), place_of(name),
                       std::numeric_limits<std::uint64_t>::max());
}
void RecordReader::take(const char* name, std::uint32_t& value) {
  value =
      static_cast<std::uint32_t>(whole_number(object_->take(name, place_of(name)), place_of(name),
                                              std::numeric_limits<std::uint32_t>::max()));
}
void RecordReader::take(const char* name, double& value) {
  const json found = object_->take(name, place_of(name));
  if (!found.is_number()) wrong_type(place_of(name), "a number", found);
  value = found.get<double>();
}
void RecordReader::take(const char* name, bool& value) {
  const json found = object_->take(name, place_of(name));
  if (!found.is_boolean()) wrong_type(place_of(name), "true or false", found);
  value = found.get<bool>();
}
void RecordReader::take(const char* name, std::string& value) {
  const json found = object_->take(name, place_of(name));
  if (!found.is_string()) wrong_type(place_of(name), "text", found);
  value = found.get<std::string>();
}
void RecordReader::take(const char* name, std::filesystem::path& value) {
  std::string text;
  take(name, text);
  value = text;
}
void RecordReader::take(const char* name, std::map<std::string, double>& value) {
  const json found = object_->take(name, place_of(name));
  if (!found.is_object()) wrong_type(place_of(name), "numbers by their names", found);
  value.clear();
  for (const auto& [key, number] : found.items()) {
    if (!number.is_number()) wrong_type(cat(place_of(name), ".", key), "a number", number);
    value[key] = number.get<double>();
  }
}
std::string RecordReader::take_json(const char* name) {
  return object_->take(name, place_of(name)).dump();
}
bool RecordReader::take_null(const char* name) {
  const auto found = object_->value.find(name);
  if (found == object_->value.end() || !found->is_null()) return false;
  object_->value.erase(found);
  return true;
}
std::vector<std::string> RecordReader::take_list(const char* name) {
  const json found = object_->take(name, place_of(name));
  if (!found.is_array()) wrong_type(place_of(name), "a list", found);
  std::vector<std::string> items;
  for (const json& item : found) items.push_back(item.dump());
  return items;
}

void RecordReader::finish() const {
  if (object_->value.empty()) return;
  throw StoreError(
      {.what = "unknown key", .where = cat(where_, ": ", object_->value.begin().key())});
}

}  // namespace helip::jobs
