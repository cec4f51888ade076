// Reads a model's JSON strictly: types and ranges are checked, and a key that nobody asked for is
// an error. Every problem is a ConfigError that names the file and the key.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/json.h"

namespace helip::model {

// Returns the JSON object that the text holds. Throws ConfigError if it holds anything else.
// `where` is the file's name for messages.
Json parse_json_object(std::string_view text, const std::string& where);

// The first key in which two JSON objects differ and its values, or three empty texts.
struct JsonDifference {
  std::string key, a, b;
};
// Returns the first difference; three empty texts if the objects are equal.
JsonDifference first_difference(const Json& a, const Json& b);

// One JSON object being read. Keeps a reference: the JSON must outlive it.
class JsonFields {
 public:
  JsonFields(const Json& object, std::string where, std::string path = {});

  // Returns true if the key is there and not null.
  [[nodiscard]] bool has(const std::string& key) const;
  // Returns a whole number in [1, at_most].
  std::int64_t positive(const std::string& key, std::optional<std::int64_t> fallback = {},
                        std::int64_t at_most = std::numeric_limits<std::int32_t>::max());
  // Returns a positive whole number, given as such or as a list of two equal ones (height, width).
  std::int64_t square(const std::string& key);
  double number(const std::string& key, std::optional<double> fallback = {});
  bool boolean(const std::string& key, bool fallback);
  std::string text(const std::string& key, const std::optional<std::string>& fallback = {});
  // Returns a list of exactly `count` numbers.
  std::vector<double> numbers(const std::string& key, std::size_t count);
  JsonFields object(const std::string& key);
  // Accepts an option that is not implemented if it is absent, null or equal to the given default.
  void only(const std::string& key, const Json& expected);
  // Accepts a key that has no meaning here, with any value.
  void ignore(const std::string& key);
  // Throws if a key was not asked for.
  void finish() const;

  // Throws a ConfigError about one key.
  [[noreturn]] void fail(const std::string& key, const std::string& what,
                         const std::string& expected, const std::string& found) const;

 private:
  const Json* find(const std::string& key);
  const Json& need(const std::string& key, const std::string& expected);
  [[nodiscard]] std::string name(const std::string& key) const;

  const Json& object_;
  std::string where_;
  std::string path_;
  std::set<std::string> asked_;
};

}  // namespace helip::model
