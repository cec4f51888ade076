#include "data/caption.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "common/text.h"
#include "data/tokenizer.h"

namespace helip::data {
namespace {

std::string_view text_of(std::span<const std::byte> content) {
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

bool is_blank(const std::string& text) {
  // Nearly every caption has a letter; the Unicode cleaning decides about the others.
  const bool has_ascii_word = std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
  return !has_ascii_word && clean_text(text).empty();
}

Caption unusable(std::string problem) { return {.text = {}, .problem = std::move(problem)}; }

Caption checked(std::string text) {
  if (!is_valid_utf8(text)) return unusable("the caption is not valid UTF-8");
  if (is_blank(text)) return unusable("the caption is empty");
  return {.text = std::move(text), .problem = {}};
}

}  // namespace

Caption caption_of_text(std::span<const std::byte> content) {
  if (content.size() > kMaxCaptionBytes) return unusable("the caption is larger than 1 MiB");
  return checked(std::string(text_of(content)));
}

Caption caption_of_json(std::span<const std::byte> content, const std::string& key) {
  if (content.size() > kMaxCaptionBytes) return unusable("the caption's json is larger than 1 MiB");
  const std::string_view text = text_of(content);
  if (!is_valid_utf8(text)) return unusable("the caption is not valid UTF-8");
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return unusable("the caption's json is not a JSON object");
  const auto field = json.find(key);
  if (field == json.end() || field->is_null()) return unusable("the json has no field " + key);
  if (!field->is_string()) return unusable("the json's field " + key + " is not a string");
  return checked(field->get<std::string>());
}

std::vector<std::string> json_fields(std::span<const std::byte> content) {
  const auto json = nlohmann::json::parse(text_of(content), nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> fields;
  if (!json.is_object()) return fields;
  for (const auto& [field, unused] : json.items()) fields.push_back(field);
  return fields;
}

std::string trimmed(const std::string& text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace helip::data
