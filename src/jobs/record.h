// Structs whose members are listed once, in fields(): the list gives their JSON in both directions.
//
//   struct EncodeResult {
//     std::uint64_t samples = 0;
//     static constexpr auto fields() { return std::tuple{field("samples", &EncodeResult::samples)};
//     }
//   };
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace helip::jobs {

template <typename Struct, typename Value>
struct Field {
  const char* name;
  Value Struct::*member;
};

template <typename Struct, typename Value>
constexpr Field<Struct, Value> field(const char* name, Value Struct::*member) {
  return {name, member};
}

template <typename T>
concept Record = requires {
  T::fields();
};

template <Record T>
std::string to_json(const T& record);
template <Record T>
T from_json(std::string_view json, const std::string& where);

// Writes a JSON object, keys in alphabetical order, so that equal records are equal text.
class RecordWriter {
 public:
  RecordWriter();
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void put(const char* name, std::uint64_t value);
  void put(const char* name, std::uint32_t value);
  void put(const char* name, double value);
  void put(const char* name, bool value);
  void put(const char* name, const std::string& value);
  void put(const char* name, const std::filesystem::path& value);
  void put(const char* name, const std::map<std::string, double>& value);
  template <typename T>
  void put(const char* name, const std::optional<T>& value) {
    if (value) {
      put(name, *value);
    } else {
      put_null(name);
    }
  }
  template <Record T>
  void put(const char* name, const T& value) {
    put_json(name, to_json(value));
  }
  template <Record T>
  void put(const char* name, const std::vector<T>& values) {
    std::vector<std::string> items;
    for (const T& value : values) items.push_back(to_json(value));
    put_list(name, items);
  }
  // `json` is valid JSON.
  void put_json(const char* name, const std::string& json);

  [[nodiscard]] std::string text() const;

 private:
  void put_null(const char* name);
  void put_list(const char* name, const std::vector<std::string>& json);

  struct Object;
  std::unique_ptr<Object> object_;
};

// Reads every key of a JSON object once. Each call throws StoreError naming `where` and the key if
// it is missing or of another type.
class RecordReader {
 public:
  // Throws StoreError if `json` is not an object. `where` names its source in messages.
  RecordReader(std::string_view json, std::string where);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  void take(const char* name, std::uint64_t& value);
  void take(const char* name, std::uint32_t& value);
  void take(const char* name, double& value);
  void take(const char* name, bool& value);
  void take(const char* name, std::string& value);
  void take(const char* name, std::filesystem::path& value);
  void take(const char* name, std::map<std::string, double>& value);
  template <typename T>
  void take(const char* name, std::optional<T>& value) {
    value.reset();
    if (!take_null(name)) take(name, value.emplace());
  }
  template <Record T>
  void take(const char* name, T& value) {
    value = from_json<T>(take_json(name), place_of(name));
  }
  template <Record T>
  void take(const char* name, std::vector<T>& values) {
    values.clear();
    for (const std::string& item : take_list(name)) {
      values.push_back(from_json<T>(item, place_of(name)));
    }
  }
  // Returns the value as JSON.
  std::string take_json(const char* name);

  // Throws StoreError naming the first key that was not taken.
  void finish() const;

 private:
  bool take_null(const char* name);
  std::vector<std::string> take_list(const char* name);
  [[nodiscard]] std::string place_of(const char* name) const;

  struct Object;
  std::unique_ptr<Object> object_;
  std::string where_;
};

template <Record T>
std::string to_json(const T& record) {
  RecordWriter writer;
  std::apply([&](const auto&... each) { (writer.put(each.name, record.*each.member), ...); },
             T::fields());
  return writer.text();
}

// Throws StoreError naming `where` and the key: not a JSON object, a key that is missing, unknown
// or of another type.
template <Record T>
T from_json(std::string_view json, const std::string& where) {
  RecordReader reader(json, where);
  T record;
  std::apply([&](const auto&... each) { (reader.take(each.name, record.*each.member), ...); },
             T::fields());
  reader.finish();
  return record;
}

}  // namespace helip::jobs
