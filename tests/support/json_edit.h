// Changed copies of JSON, for tests that damage a document.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "common/json.h"

namespace helip::test {

// Returns `json` with `value` at a path such as "/model/layers/0". Keys that are not there are
// added.
inline Json with_value(const Json& json, const std::string& path, const Json& value) {
  if (path.empty()) return value;
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string name = path.substr(1, end - 1);
  if (json.is_array()) {
    Json list = Json::array();
    const std::size_t index = std::stoul(name);
    for (std::size_t i = 0; i < json.size(); ++i) {
      list.push_back(i == index ? with_value(json.at(i), path.substr(end), value) : json.at(i));
    }
    return list;
  }
  Json object = json;
  object[name] = with_value(json.contains(name) ? json.at(name) : Json(), path.substr(end), value);
  return object;
}

inline Json without_key(const Json& object, const std::string& key) {
  Json rest = Json::object();
  for (const auto& [name, value] : object.items()) {
    if (name != key) rest[name] = value;
  }
  return rest;
}

}  // namespace helip::test
