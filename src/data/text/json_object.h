// The fields of a JSON object that Python may have written. As json.loads of Python 3, it accepts
// NaN, Infinity, numbers beyond any range, lone surrogates and three encodings, and takes the last
// of fields with the same name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace helip::data {

enum class JsonKind : std::uint8_t { kString, kNumber, kBoolean, kNull, kList, kObject };

// Returns the kind in words: "a string", "a list", "null".
std::string_view with_article(JsonKind kind);

struct JsonField {
  std::string name;
  JsonKind kind = JsonKind::kNull;
  std::string text;  // of strings, in UTF-8; of numbers, as they are written
};

struct JsonObject {
  std::vector<JsonField> fields;  // as they stand in the text; a name may come several times
  std::string problem;            // empty if the bytes are a JSON object; else there are no fields

  // Returns the last field of this name, or null.
  [[nodiscard]] const JsonField* find(std::string_view name) const;
};

// Reads the whole text, including nested values of any depth, and returns the object's own fields.
// Problems: "is not valid UTF-8", "is a list; expected an object", "is not JSON; character 17:
// expected a value".
JsonObject read_json_object(std::span<const std::byte> content);

}  // namespace helip::data
