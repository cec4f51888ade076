#include "common/json.h"

#include <algorithm>
#include <ostream>

#include "common/text.h"

namespace helip {

template <bool kOrdered>
BasicJson<kOrdered>::BasicJson() = default;
template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(std::nullptr_t) {}
template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(const char* text) : value_(std::string(text)) {}
template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(std::string text) : value_(std::move(text)) {}
template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(std::string_view text) : value_(std::string(text)) {}
template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(Array values) : value_(std::move(values)) {}
template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(const Held& value) {
  std::visit([&](auto number) { value_ = number; }, value);
}
template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(const BasicJson& other) = default;
template <bool kOrdered>
BasicJson<kOrdered>& BasicJson<kOrdered>::operator=(const BasicJson& other) {
  return *this = BasicJson(other);
}

// A value that was moved from is null.
template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(BasicJson&& other) noexcept
    : value_(std::exchange(other.value_, std::monostate())) {}
template <bool kOrdered>
BasicJson<kOrdered>& BasicJson<kOrdered>::operator=(BasicJson&& other) noexcept {
  // By a swap: `other` may lie inside what this value held.
  BasicJson taken(std::move(other));
  std::swap(value_, taken.value_);
  return *this;
}

// Nested values are moved out one level at a time, or a deep document would overflow the stack.
template <bool kOrdered>
BasicJson<kOrdered>::~BasicJson() {
  Array pending;
  const auto take_children = [&](Value& value) {
    if (auto* array = std::get_if<Array>(&value)) {
      for (BasicJson& child : *array) {
        if (child.is_array() || child.is_object()) pending.push_back(std::move(child));
      }
    } else if (auto* members = std::get_if<Object>(&value)) {
      for (auto& [key, child] : *members) {
        if (child.is_array() || child.is_object()) pending.push_back(std::move(child));
      }
    }
  };
  take_children(value_);
  while (!pending.empty()) {
    BasicJson next = std::move(pending.back());
    pending.pop_back();
    take_children(next.value_);
  }
}

template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(std::initializer_list<BasicJson> list) {
  const bool members = std::all_of(list.begin(), list.end(), [](const BasicJson& entry) {
    return entry.is_array() && entry.size() == 2 && entry.at(0).is_string();
  });
  if (!members) {
    value_ = Array(list);
    return;
  }
  value_ = Object();
  for (const BasicJson& entry : list) {
    const std::string& key = entry.at(0).text();
    if (!contains(key)) (*this)[key] = entry.at(1);
  }
}

template <bool kOrdered>
BasicJson<kOrdered>::BasicJson(const BasicJson<!kOrdered>& other) {
  if (other.is_array()) {
    value_ = Array(other.begin(), other.end());
  } else if (other.is_object()) {
    value_ = Object();
    for (const auto& [key, value] : other.items()) (*this)[key] = BasicJson(value);
  } else {
    std::visit(
        [&]<typename T>(const T& held) {
          if constexpr (std::is_same_v<T, typename BasicJson<!kOrdered>::Discarded>) {
            value_ = Discarded();
          } else if constexpr (std::is_constructible_v<Value, T>) {
            value_ = held;
          }
        },
        other.value_);
  }
}

template <bool kOrdered>
BasicJson<kOrdered> BasicJson<kOrdered>::array() {
  return BasicJson(Array());
}
template <bool kOrdered>
BasicJson<kOrdered> BasicJson<kOrdered>::array(std::initializer_list<BasicJson> list) {
  return BasicJson(Array(list));
}
template <bool kOrdered>
BasicJson<kOrdered> BasicJson<kOrdered>::object() {
  BasicJson result;
  result.value_ = Object();
  return result;
}

template <bool kOrdered>
BasicJson<kOrdered> BasicJson<kOrdered>::flatten() const {
  BasicJson result = object();
  const std::function<void(const BasicJson&, const std::string&)> walk =
      [&](const BasicJson& json, const std::string& path) {
        if (json.is_array() && !json.empty()) {
          std::size_t index = 0;
          for (const BasicJson& value : json) walk(value, cat(path, "/", index++));
        } else if (json.is_object() && !json.empty()) {
          for (const auto& [key, value] : json.items()) {
            std::string escaped;
            for (const char c : key) {
              escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
            }
            walk(value, cat(path, "/", escaped));
          }
        } else {
          result[path] = json.is_array() || json.is_object() ? BasicJson() : json;
        }
      };
  walk(*this, "");
  return result;
}

template <bool kOrdered>
bool BasicJson<kOrdered>::is_discarded() const {
  return std::holds_alternative<Discarded>(value_);
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_null() const {
  return std::holds_alternative<std::monostate>(value_);
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_boolean() const {
  return std::holds_alternative<bool>(value_);
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_number() const {
  return is_number_integer() || is_number_float();
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_number_unsigned() const {
  return std::holds_alternative<std::uint64_t>(value_);
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_number_integer() const {
  return is_number_unsigned() || std::holds_alternative<std::int64_t>(value_);
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_number_float() const {
  return std::holds_alternative<double>(value_);
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_string() const {
  return std::holds_alternative<std::string>(value_);
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_array() const {
  return std::holds_alternative<Array>(value_);
}
template <bool kOrdered>
bool BasicJson<kOrdered>::is_object() const {
  return std::holds_alternative<Object>(value_);
}

template <bool kOrdered>
const char* BasicJson<kOrdered>::type_name() const {
  constexpr std::array kNames = {"null",   "discarded", "boolean", "number", "number",
                                 "number", "string",    "array",   "object"};
  return kNames.at(value_.index());
}

template <bool kOrdered>
std::size_t BasicJson<kOrdered>::size() const {
  if (const auto* array = std::get_if<Array>(&value_)) return array->size();
  if (const auto* members = std::get_if<Object>(&value_)) return members->size();
  return is_null() ? 0 : 1;
}

template <bool kOrdered>
void BasicJson<kOrdered>::fail_type(const char* expected) const {
  throw JsonError(std::string("type must be ") + expected + ", but is " + type_name());
}
template <bool kOrdered>
bool BasicJson<kOrdered>::truth() const {
  if (!is_boolean()) fail_type("boolean");
  return std::get<bool>(value_);
}
template <bool kOrdered>
const std::string& BasicJson<kOrdered>::text() const {
  if (!is_string()) fail_type("string");
  return std::get<std::string>(value_);
}
template <bool kOrdered>
const typename BasicJson<kOrdered>::Array& BasicJson<kOrdered>::values() const {
  if (!is_array()) fail_type("array");
  return std::get<Array>(value_);
}
template <bool kOrdered>
const typename BasicJson<kOrdered>::Object& BasicJson<kOrdered>::items() const& {
  if (!is_object()) fail_type("object");
  return std::get<Object>(value_);
}

template <bool kOrdered>
const BasicJson<kOrdered>* BasicJson<kOrdered>::find(const std::string& key) const {
  const auto* members = std::get_if<Object>(&value_);
  if (members == nullptr) return end();
  if constexpr (kOrdered) {
    for (const auto& [name, value] : *members) {
      if (name == key) return &value;
    }
  } else if (const auto found = members->find(key); found != members->end()) {
    return &found->second;
  }
  return end();
}

template <bool kOrdered>
const BasicJson<kOrdered>* BasicJson<kOrdered>::member(const std::string& key) const {
  if (!is_object()) throw JsonError(std::string("cannot use value() with ") + type_name());
  return find(key);  // end() is null
}

template <bool kOrdered>
const BasicJson<kOrdered>& BasicJson<kOrdered>::at(const std::string& key) const {
  if (!is_object()) throw JsonError(std::string("cannot use at() with ") + type_name());
  const BasicJson* found = find(key);
  if (found == end()) throw JsonError("key '" + key + "' not found");
  return *found;
}
template <bool kOrdered>
BasicJson<kOrdered>& BasicJson<kOrdered>::at(const std::string& key) {
  return const_cast<BasicJson&>(std::as_const(*this).at(key));
}
template <bool kOrdered>
const BasicJson<kOrdered>& BasicJson<kOrdered>::at(std::size_t index) const {
  if (!is_array()) throw JsonError(std::string("cannot use at() with ") + type_name());
  if (index >= size()) {
    throw JsonError("array index " + std::to_string(index) + " is out of range");
  }
  return values()[index];
}

template <bool kOrdered>
BasicJson<kOrdered>& BasicJson<kOrdered>::operator[](const std::string& key) {
  if (is_null()) value_ = Object();
  auto* members = std::get_if<Object>(&value_);
  if (members == nullptr) {
    throw JsonError(std::string("cannot use operator[] with a string argument with ") +
                    type_name());
  }
  if constexpr (kOrdered) {
    if (const BasicJson* found = find(key); found != end()) return const_cast<BasicJson&>(*found);
    return members->emplace_back(key, BasicJson()).second;
  } else {
    return (*members)[key];
  }
}

template <bool kOrdered>
const BasicJson<kOrdered>* BasicJson<kOrdered>::begin() const {
  return is_null() ? nullptr : values().data();
}
template <bool kOrdered>
const BasicJson<kOrdered>* BasicJson<kOrdered>::end() const {
  return is_array() ? values().data() + values().size() : nullptr;
}
template <bool kOrdered>
const BasicJson<kOrdered>& BasicJson<kOrdered>::back() const {
  if (empty()) throw JsonError(std::string("cannot get the last value of an empty ") + type_name());
  return values().back();
}

template <bool kOrdered>
void BasicJson<kOrdered>::push_back(BasicJson value) {
  if (is_null()) value_ = Array();
  auto* array = std::get_if<Array>(&value_);
  if (array == nullptr) throw JsonError(std::string("cannot use push_back() with ") + type_name());
  array->push_back(std::move(value));
}

template <bool kOrdered>
void BasicJson<kOrdered>::update(const BasicJson& other) {
  for (const auto& [key, value] : other.items()) (*this)[key] = value;
}

template <bool kOrdered>
bool BasicJson<kOrdered>::equals(const BasicJson& other) const {
  if (is_number() && other.is_number()) {
    if (is_number_float() || other.is_number_float()) {
      return number<double>() == other.template number<double>();
    }
    // As nlohmann compares whole numbers of different kinds.
    return number<std::int64_t>() == other.template number<std::int64_t>();
  }
  if (value_.index() != other.value_.index() || is_discarded()) return false;
  if (is_array()) return values() == other.values();
  if (is_object()) return items() == other.items();
  if (is_string()) return text() == other.text();
  return !is_boolean() || truth() == other.truth();
}

std::ostream& operator<<(std::ostream& out, const Json& json) { return out << json.dump(); }
std::ostream& operator<<(std::ostream& out, const OrderedJson& json) { return out << json.dump(); }

template class BasicJson<false>;
template class BasicJson<true>;

}  // namespace helip
