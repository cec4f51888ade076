#include "eval/strict_json.h"

#include <algorithm>
#include <set>

#include "common/text.h"

namespace helip::eval {
namespace {

// The reader keeps the last of equal keys without a word; here they are damage.
OrderedJson parse_strictly(const std::string& text, const std::string& origin) {
  std::vector<std::set<std::string>> open;
  std::string repeated;
  const auto watch = [&](int /*depth*/, JsonEvent event, const std::string& key) {
    if (event == JsonEvent::object_start) open.emplace_back();
    if (event == JsonEvent::object_end) open.pop_back();
    if (event == JsonEvent::key && !open.back().insert(key).second) repeated = key;
  };
  try {
    OrderedJson parsed = OrderedJson::parse(text, watch);
    if (!repeated.empty()) throw malformed("a key appears twice", origin, {}, repeated);
    return parsed;
  } catch (const JsonSyntaxError& error) {
    throw malformed("results are not JSON", cat(origin, " byte ", error.byte));
  } catch (const JsonError&) {  // a number that no double holds
    throw malformed("results are not JSON of this machine's numbers", origin);
  }
}

}  // namespace

StoreError malformed(const std::string& what, const std::string& where, const std::string& expected,
                     const std::string& found) {
  return StoreError({.what = what, .where = where, .expected = expected, .found = found});
}

OrderedJson parse_list(const std::string& text, const std::string& origin) {
  OrderedJson list = parse_strictly(text, origin);
  if (!list.is_array())
    throw malformed("results are not a list", origin, "array", list.type_name());
  return list;
}

void expect_keys(const OrderedJson& entry, const std::vector<std::string>& keys,
                 const std::string& where) {
  if (!entry.is_object()) {
    throw malformed("a result is not an object", where, "object", entry.type_name());
  }
  for (const auto& [key, value] : entry.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    std::string known;
    for (const std::string& each : keys) known += (known.empty() ? "" : ", ") + each;
    throw malformed("unknown key", where, known, key);
  }
  for (const std::string& key : keys) {
    if (!entry.contains(key)) throw malformed("a key is missing", where, key);
  }
}

std::string text_field(const OrderedJson& entry, const std::string& key, const std::string& where) {
  if (!entry[key].is_string()) {
    throw malformed("'" + key + "' has another type", where, "string", entry[key].type_name());
  }
  return entry[key].get<std::string>();
}

}  // namespace helip::eval
