// JSON values from text and to text: the one file that includes nlohmann's library.
#include <nlohmann/json.hpp>

#include "common/json.h"
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

template BasicJson<false> BasicJson<false>::parse(std::string_view, const JsonWatch&, bool);
template BasicJson<true> BasicJson<true>::parse(std::string_view, const JsonWatch&, bool);
template std::string BasicJson<false>::dump(int, char, bool, JsonText) const;
template std::string BasicJson<true>::dump(int, char, bool, JsonText) const;

}  // namespace helip
