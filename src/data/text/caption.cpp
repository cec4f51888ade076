#include "data/text/caption.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/text.h"
#include "data/text/clean_text.h"
#include "data/text/json_object.h"

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

std::string named(const JsonField& field) {
  constexpr std::size_t kMostBytes = 60;
  std::string name = shortened(field.name, kMostBytes);
  if (field.kind != JsonKind::kString) name += cat(" (", with_article(field.kind), ")");
  return name;
}

std::string fields_of(const JsonObject& json) {
  constexpr std::size_t kMostBytes = 200;
  std::string fields;
  for (const JsonField& field : json.fields) {
    if (fields.size() > kMostBytes) return fields + ", …";
    fields += (fields.empty() ? "" : ", ") + named(field);
  }
  return fields.empty() ? "none" : fields;
}

Caption unusable(std::string problem) { return {.text = {}, .problem = std::move(problem)}; }

Caption checked(std::string text) {
  constexpr std::size_t kMostShown = 40;
  if (!is_valid_utf8(text))
    return unusable(cat("the caption is not valid UTF-8; it begins ", shortened(text, kMostShown)));
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
  const JsonObject json = read_json_object(content);
  if (!json.problem.empty()) return unusable("the caption's json " + json.problem);
  const JsonField* field = json.find(key);
  if (field == nullptr) {
    return unusable(cat("the json has no field ", key, "; it has ", fields_of(json)));
  }
  if (field->kind != JsonKind::kString) {
    return unusable(
        cat("the json's field ", key, " is ", with_article(field->kind), "; expected a string"));
  }
  return checked(field->text);
}

std::vector<std::string> json_fields(std::span<const std::byte> content) {
  std::vector<std::string> fields;
  for (const JsonField& field : read_json_object(content).fields) fields.push_back(named(field));
  return fields;
}

std::string trimmed(const std::string& text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace helip::data
