// JSON values, their reader and their writer. Only json_text.cpp includes nlohmann's library, whose
// header costs every file that includes it seconds of compile time. Members have nlohmann's names
// and meanings.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace helip {

// Thrown if a document or a value is not what the caller asked for. what() is one line for a
// person.
class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Thrown if a text is not JSON. `byte` is the place of the error, counted from 1.
class JsonSyntaxError : public JsonError {
 public:
  JsonSyntaxError(const std::string& what, std::size_t at) : JsonError(what), byte(at) {}
  std::size_t byte;
};

enum class JsonEvent { object_start, object_end, array_start, array_end, key, value };

// Called by parse() at each event. `depth` is the number of objects and arrays that are open around
// the event's value; `key` is the key's text for JsonEvent::key, else empty. It may throw.
using JsonWatch = std::function<void(int depth, JsonEvent event, const std::string& key)>;

// How dump() treats text that is not UTF-8: strict throws JsonError, replace writes U+FFFD.
enum class JsonText { strict, replace };

namespace json_internal {
template <typename T>
concept Truth = std::same_as<T, bool>;
template <typename T>
concept Signed = std::signed_integral<T>;
template <typename T>
concept Unsigned = std::unsigned_integral<T> && !std::same_as<T, bool>;
template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <typename T>
inline constexpr bool kIsMap = false;
template <typename T>
inline constexpr bool kIsMap<std::map<std::string, T>> = true;
template <typename T>
inline constexpr bool kIsPlain = std::is_same_v<T, std::string> || kIsVector<T> ||
                                 (std::is_arithmetic_v<T> && !std::is_same_v<T, char>);
}  // namespace json_internal

// A JSON value: null, boolean, number (signed, unsigned or floating), string, array or object. A
// Json object sorts its keys by their bytes; an OrderedJson object keeps the order in which keys
// were added. A parsed object that names a key twice keeps the last value.
template <bool kOrdered>
class BasicJson {
 public:
  using Array = std::vector<BasicJson>;
  using Object = std::conditional_t<kOrdered, std::vector<std::pair<std::string, BasicJson>>,
                                    std::map<std::string, BasicJson>>;

  // Convert a value to JSON implicitly, wherever JSON is expected.
  // NOLINTBEGIN(google-explicit-constructor)
  BasicJson();
  BasicJson(std::nullptr_t);
  BasicJson(const char* text);
  BasicJson(std::string text);
  BasicJson(std::string_view text);
  BasicJson(Array values);
  BasicJson(const BasicJson<!kOrdered>& other);
  template <json_internal::Truth T>
  BasicJson(T value) : BasicJson(Held{value}) {}
  template <json_internal::Signed T>
  BasicJson(T value) : BasicJson(Held{static_cast<std::int64_t>(value)}) {}
  template <json_internal::Unsigned T>
  BasicJson(T value) : BasicJson(Held{static_cast<std::uint64_t>(value)}) {}
  template <std::floating_point T>
  BasicJson(T value) : BasicJson(Held{static_cast<double>(value)}) {}
  template <typename T>
  BasicJson(const std::vector<T>& values) : BasicJson(Array(values.begin(), values.end())) {}
  template <typename T, std::size_t kCount>
  BasicJson(const std::array<T, kCount>& values) : BasicJson(Array(values.begin(), values.end())) {}
  template <typename T>
  BasicJson(const std::map<std::string, T>& values) : BasicJson(object()) {
    for (const auto& [key, value] : values) (*this)[key] = BasicJson(value);
  }
  // NOLINTEND(google-explicit-constructor)

  // Makes an object if each entry of `list` is an array of a string and a value, else an array. Of
  // two entries with the same key the object keeps the first.
  BasicJson(std::initializer_list<BasicJson> list);
  BasicJson(const BasicJson& other);
  BasicJson(BasicJson&& other) noexcept;
  BasicJson& operator=(const BasicJson& other);
  BasicJson& operator=(BasicJson&& other) noexcept;
  ~BasicJson();

  static BasicJson array();
  static BasicJson array(std::initializer_list<BasicJson> list);
  static BasicJson object();

  // Returns the value that `text` holds. Throws JsonSyntaxError if the text is not JSON, and
  // JsonError if a number is too large for a double. Returns a discarded value instead of throwing
  // if `allow_exceptions` is false. Deep nesting does not use up the stack.
  [[nodiscard]] static BasicJson parse(std::string_view text, const JsonWatch& watch = {},
                                       bool allow_exceptions = true);
  // Returns the value as JSON text: on one line for a negative `indent`, else with `indent` times
  // `fill` for each level. Numbers that are not finite become null. With `ascii` characters outside
  // ASCII become \uXXXX. Throws JsonError for text that is not UTF-8 if `text` is strict.
  [[nodiscard]] std::string dump(int indent = -1, char fill = ' ', bool ascii = false,
                                 JsonText text = JsonText::strict) const;

  [[nodiscard]] bool is_discarded() const;
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_boolean() const;
  [[nodiscard]] bool is_number() const;
  // Returns true for a whole number that is held as unsigned, as parse() holds one without a minus.
  [[nodiscard]] bool is_number_unsigned() const;
  // Returns true for a whole number, signed or unsigned.
  [[nodiscard]] bool is_number_integer() const;
  [[nodiscard]] bool is_number_float() const;
  [[nodiscard]] bool is_string() const;
  [[nodiscard]] bool is_array() const;
  [[nodiscard]] bool is_object() const;
  [[nodiscard]] const char* type_name() const;

  // Returns the number of entries of an array or object, 0 for null and 1 for other values.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }

  // Returns the value as T: bool, an arithmetic type (by static_cast), std::string, BasicJson, or a
  // std::vector or std::map of these types. Throws JsonError if the value has another type.
  template <typename T>
  [[nodiscard]] T get() const;
  template <typename T>
  T& get_to(T& value) const {
    return value = get<T>();
  }

  // Converts to a plain type implicitly, like get<T>().
  template <typename T>
  requires json_internal::kIsPlain<T>
  operator T() const {  // NOLINT(google-explicit-constructor)
    return get<T>();
  }

  // Return the value of a key or at an index. Throw JsonError if there is no such key or index, or
  // if this value is no object or no array.
  [[nodiscard]] const BasicJson& at(const std::string& key) const;
  [[nodiscard]] BasicJson& at(const std::string& key);
  [[nodiscard]] const BasicJson& at(std::size_t index) const;
  const BasicJson& operator[](const std::string& key) const { return at(key); }
  // The overloads for string literals. Without them json["key"] would be ambiguous: C++ could also
  // convert the value to a number and index the literal with it.
  template <std::same_as<const char*> Key>
  const BasicJson& operator[](Key key) const {
    return at(key);
  }
  template <std::same_as<const char*> Key>
  BasicJson& operator[](Key key) {
    return (*this)[std::string(key)];
  }
  const BasicJson& operator[](std::size_t index) const { return at(index); }
  // Returns the value of a key, after adding null for a key that is missing. A null becomes an
  // object first. Throws JsonError if this value is neither null nor an object.
  BasicJson& operator[](const std::string& key);

  // Returns the value of a key, or `fallback` if the key is missing. Throws JsonError if this value
  // is no object, or if the key's value has another type than T.
  template <typename T>
  [[nodiscard]] T value(const std::string& key, T fallback) const {
    const BasicJson* found = member(key);
    return found == nullptr ? std::move(fallback) : found->template get<T>();
  }
  [[nodiscard]] std::string value(const std::string& key, const char* fallback) const {
    return value(key, std::string(fallback));
  }

  // Returns a pointer to the value of a key. Returns end() if the key is missing or this value is
  // no object.
  [[nodiscard]] const BasicJson* find(const std::string& key) const;
  [[nodiscard]] bool contains(const std::string& key) const { return find(key) != end(); }
  // Return the range of an array's values, which is empty for null. begin() throws JsonError for
  // other types: items() returns the members of an object.
  [[nodiscard]] const BasicJson* begin() const;
  [[nodiscard]] const BasicJson* end() const;
  // Returns the last value of an array. Throws JsonError if this value is empty or no array.
  [[nodiscard]] const BasicJson& back() const;
  // Returns the pairs of key and value, in the object's order. Throws JsonError if this value is no
  // object.
  [[nodiscard]] const Object& items() const&;
  [[nodiscard]] const Object& items() const&& = delete;  // a temporary's items would dangle

  // Appends to an array. A null becomes an array first. Throws JsonError if this value is neither.
  void push_back(BasicJson value);
  // Copies all members of the object `other` into this object. Throws JsonError if `other` is no
  // object, or if this value is neither null nor an object.
  void update(const BasicJson& other);
  // Returns an object whose keys are the paths of all values ("/a/0"). Empty arrays and objects
  // become null.
  [[nodiscard]] BasicJson flatten() const;

  friend bool operator==(const BasicJson& a, const BasicJson& b) { return a.equals(b); }

 private:
  struct Discarded {};
  // A scalar on its way into `value_`: it converts to no other alternative of Value.
  using Held = std::variant<bool, std::int64_t, std::uint64_t, double>;
  using Value = std::variant<std::monostate, Discarded, bool, std::int64_t, std::uint64_t, double,
                             std::string, Array, Object>;
  friend class BasicJson<!kOrdered>;
  template <bool>
  friend class JsonBuilder;

  explicit BasicJson(const Held& value);

  [[nodiscard]] bool equals(const BasicJson& other) const;
  [[nodiscard]] const BasicJson* member(const std::string& key) const;
  [[nodiscard]] bool truth() const;
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] const Array& values() const;
  template <typename T>
  [[nodiscard]] T number() const {
    if (const auto* whole = std::get_if<std::uint64_t>(&value_)) return static_cast<T>(*whole);
    if (const auto* whole = std::get_if<std::int64_t>(&value_)) return static_cast<T>(*whole);
    if (const auto* real = std::get_if<double>(&value_)) return static_cast<T>(*real);
    fail_type("number");
  }
  [[noreturn]] void fail_type(const char* expected) const;

  Value value_;
};

using Json = BasicJson<false>;
using OrderedJson = BasicJson<true>;

// Writes json.dump().
std::ostream& operator<<(std::ostream& out, const Json& json);
std::ostream& operator<<(std::ostream& out, const OrderedJson& json);

template <bool kOrdered>
template <typename T>
T BasicJson<kOrdered>::get() const {
  if constexpr (std::is_same_v<T, BasicJson>) {
    return *this;
  } else if constexpr (std::is_same_v<T, bool>) {
    return truth();
  } else if constexpr (std::is_arithmetic_v<T>) {
    return number<T>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return text();
  } else if constexpr (json_internal::kIsVector<T>) {
    T result;
    for (const BasicJson& value : values()) {
      result.push_back(value.template get<typename T::value_type>());
    }
    return result;
  } else {
    static_assert(json_internal::kIsMap<T>);
    T result;
    for (const auto& [key, value] : items()) {
      result.emplace(key, value.template get<typename T::mapped_type>());
    }
    return result;
  }
}

extern template class BasicJson<false>;
extern template class BasicJson<true>;

}  // namespace helip
