#include "common/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "common/text.h"

namespace helip {

namespace {

// Without the tag "[json.exception.…] " that nlohmann's library puts in front.
std::string reason_of(const std::exception& error) {
  const std::string text = error.what();
  const std::size_t end =
      text.starts_with("[json.exception.") ? text.find("] ") : std::string::npos;
  return end == std::string::npos ? text : text.substr(end + 2);
}

}  // namespace

// Takes what nlohmann's parser meets.
template <bool kOrdered>
class JsonBuilder {
 public:
  using Value = BasicJson<kOrdered>;
  using string_t = std::string;
  using number_integer_t = std::int64_t;
  using number_unsigned_t = std::uint64_t;
  using number_float_t = double;
  using binary_t = nlohmann::json::binary_t;

  JsonBuilder(Value& root, const JsonWatch& watch, bool allow_exceptions)
      : root_(root), watch_(watch), allow_exceptions_(allow_exceptions) {}

  bool null() { return scalar(Value()); }
  bool boolean(bool value) { return scalar(Value(value)); }
  bool number_integer(std::int64_t value) { return scalar(Value(value)); }
  bool number_unsigned(std::uint64_t value) { return scalar(Value(value)); }
  bool number_float(double value, const std::string& /*text*/) { return scalar(Value(value)); }
  bool string(std::string& value) { return scalar(Value(std::move(value))); }
  bool binary(binary_t& /*value*/) { return false; }  // only of binary formats

  bool start_object(std::size_t /*size*/) { return open(JsonEvent::object_start, Value::object()); }
  bool end_object() { return close(JsonEvent::object_end); }
  bool start_array(std::size_t /*size*/) { return open(JsonEvent::array_start, Value::array()); }
  bool end_array() { return close(JsonEvent::array_end); }
  bool key(std::string& key) {
    tell(JsonEvent::key, key);
    member_ = &(*open_.back())[key];
    return true;
  }

  template <typename Error>
  bool parse_error(std::size_t byte, const std::string& /*token*/, const Error& error) {
    if (!allow_exceptions_) return false;
    if constexpr (std::is_same_v<Error, nlohmann::json::parse_error>) {
      throw JsonSyntaxError(reason_of(error), byte);
    } else {
      throw JsonError(reason_of(error));
    }
  }

 private:
  void tell(JsonEvent event, const std::string& key = {}) const {
    if (watch_) watch_(static_cast<int>(open_.size()), event, key);
  }
  Value* put(Value value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &(*member_ = std::move(value));
    auto& values = std::get<typename Value::Array>(open_.back()->value_);
    return &values.emplace_back(std::move(value));
  }
  bool scalar(Value value) {
    tell(JsonEvent::value);
    put(std::move(value));
    return true;
  }
  bool open(JsonEvent event, Value value) {
    tell(event);
    open_.push_back(put(std::move(value)));
    return true;
  }
  bool close(JsonEvent event) {
    open_.pop_back();
    tell(event);
    return true;
  }

  Value& root_;
  const JsonWatch& watch_;
  bool allow_exceptions_;
  std::vector<Value*> open_;
  Value* member_ = nullptr;
};

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
BasicJson<kOrdered> BasicJson<kOrdered>::parse(std::string_view text, const JsonWatch& watch,
                                               bool allow_exceptions) {
  BasicJson result;
  JsonBuilder<kOrdered> builder(result, watch, allow_exceptions);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) result.value_ = Discarded();
  return result;
}

namespace {

template <bool kOrdered>
nlohmann::ordered_json to_nlohmann(const BasicJson<kOrdered>& json) {
  if (json.is_array()) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const auto& value : json) array.push_back(to_nlohmann(value));
    return array;
  }
  if (json.is_object()) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    // At the end: a search for each key would cost the square of their number.
    auto& members = object.template get_ref<nlohmann::ordered_json::object_t&>();
    for (const auto& [key, value] : json.items()) {
      static_cast<nlohmann::ordered_json::object_t::Container&>(members).emplace_back(
          key, to_nlohmann(value));
    }
    return object;
  }
  if (json.is_string()) return json.template get<std::string>();
  if (json.is_boolean()) return json.template get<bool>();
  if (json.is_number_float()) return json.template get<double>();
  if (json.is_number_unsigned()) return json.template get<std::uint64_t>();
  if (json.is_number_integer()) return json.template get<std::int64_t>();
  if (json.is_discarded()) return nlohmann::ordered_json::value_t::discarded;
  return nullptr;
}

}  // namespace

template <bool kOrdered>
std::string BasicJson<kOrdered>::dump(int indent, char fill, bool ascii, JsonText text) const {
  using Handler = nlohmann::ordered_json::error_handler_t;
  try {
    return to_nlohmann(*this).dump(indent, fill, ascii,
                                   text == JsonText::strict ? Handler::strict : Handler::replace);
  } catch (const nlohmann::json::exception& error) {
    throw JsonError(reason_of(error));
  }
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
