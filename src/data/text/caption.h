// A sample's caption from the bytes of its .txt or .json member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace helip::data {

inline constexpr std::uint64_t kMaxCaptionBytes = 1 << 20;

struct Caption {
  std::string text;     // UTF-8 as stored; empty if there is a problem
  std::string problem;  // empty if usable
};

// Problems: larger than kMaxCaptionBytes, invalid UTF-8, nothing but white space.
Caption caption_of_text(std::span<const std::byte> content);

// The string field `key` of a JSON object, which may be as Python writes it (see json_object.h); a
// lone surrogate is U+FFFD. Further problems: no JSON object, no such field, not a string. What
// they say behind a ';' is particular to the sample.
Caption caption_of_json(std::span<const std::byte> content, const std::string& key);

// The names of a JSON object's fields, shortened, for messages, with their kinds where they are no
// strings: "url", "tags (a list)". None if it is no such thing.
std::vector<std::string> json_fields(std::span<const std::byte> content);

// Leading and trailing ASCII white space removed.
std::string trimmed(const std::string& text);

}  // namespace helip::data
