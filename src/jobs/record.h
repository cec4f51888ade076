// The JSON of records (jobs/field.h): writing, and strict reading.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/json.h"
#include "jobs/field.h"

namespace helip::jobs {

template <Record T>
Json to_value(const T& record);
template <Record T>
T from_value(Json value, const std::string& where);

// Makes a JSON object, keys in alphabetical order, so that equal records are equal text.
class RecordWriter {
 public:
  void put(const char* name, Json value) { object_[name] = std::move(value); }
  template <Id T>
  void put(const char* name, T value) {
    put(name, Json(static_cast<std::uint64_t>(value)));
  }
  template <std::same_as<std::filesystem::path> Path>
  void put(const char* name, const Path& value) {
    put(name, Json(value.string()));
  }
  template <typename T>
  void put(const char* name, const std::optional<T>& value) {
    if (value) {
      put(name, *value);
    } else {
      put(name, Json());
    }
  }
  template <Record T>
  void put(const char* name, const T& value) {
    put(name, to_value(value));
  }
  template <Record T>
  void put(const char* name, const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) list.push_back(to_value(value));
    put(name, std::move(list));
  }

  [[nodiscard]] const Json& object() const { return object_; }

 private:
  Json object_ = Json::object();
};

// Returns the JSON of a text; if it is none, a value that every RecordReader refuses.
inline Json parse_record(std::string_view text) {
  return Json::parse(text, {}, /*allow_exceptions=*/false);
}

// Reads every key of a JSON object once. Each call throws StoreError naming `where` and the key if
// it is missing or of another type.
class RecordReader {
 public:
  // Throws StoreError if the value is not an object. `where` names its source in messages.
  RecordReader(Json value, std::string where);

  void take(const char* name, std::uint64_t& value);
  void take(const char* name, std::uint32_t& value);
  void take(const char* name, double& value);
  void take(const char* name, bool& value);
  void take(const char* name, std::string& value);
  void take(const char* name, std::filesystem::path& value);
  void take(const char* name, std::map<std::string, double>& value);
  void take(const char* name, Json& value) { value = taken(name); }
  template <Id T>
  void take(const char* name, T& value) {
    std::uint64_t number = 0;
    take(name, number);
    value = T{number};
  }
  template <typename T>
  void take(const char* name, std::optional<T>& value) {
    value.reset();
    if (!take_null(name)) take(name, value.emplace());
  }
  template <Record T>
  void take(const char* name, T& value) {
    value = from_value<T>(taken(name), place_of(name));
  }
  template <Record T>
  void take(const char* name, std::vector<T>& values) {
    values.clear();
    for (const Json& item : taken_list(name)) {
      values.push_back(from_value<T>(item, place_of(name)));
    }
  }

  // Throws StoreError naming the first key that was not taken.
  void finish() const;

 private:
  const Json& taken(const char* name);
  const Json& taken_list(const char* name);
  bool take_null(const char* name);
  [[nodiscard]] std::string place_of(const char* name) const;

  Json object_;
  std::string where_;
  std::set<std::string> taken_;
};

// Returns the JSON object of a record.
template <Record T>
Json to_value(const T& record) {
  RecordWriter writer;
  for_each_field(record,
                 [&](const auto& each, const auto& value) { writer.put(each.name, value); });
  return writer.object();
}

// Returns the record that a value holds. Throws StoreError naming `where` and the key: not a JSON
// object, a key that is missing, unknown or of another type.
template <Record T>
T from_value(Json value, const std::string& where) {
  RecordReader reader(std::move(value), where);
  T record;
  for_each_field(record, [&](const auto& each, auto& member) { reader.take(each.name, member); });
  reader.finish();
  return record;
}

template <Record T>
std::string to_json(const T& record) {
  return to_value(record).dump();
}

// Returns the record that a text holds. Throws as from_value; text that is not JSON is no object
// either.
template <Record T>
T from_json(std::string_view json, const std::string& where) {
  return from_value<T>(parse_record(json), where);
}

}  // namespace helip::jobs
