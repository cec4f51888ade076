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

// Returns the caption in a .txt. Problems: larger than kMaxCaptionBytes, invalid UTF-8, nothing but
// white space.
Caption caption_of_text(std::span<const std::byte> content);

// Returns the string field `key` of a JSON object, which may be as Python writes it (see
// json_object.h); a lone surrogate becomes U+FFFD. Further problems: no JSON object, no such field,
// not a string. What follows a ';' in a problem is particular to the sample.
Caption caption_of_json(std::span<const std::byte> content, const std::string& key);

// Returns the names of a JSON object's fields, shortened, for messages; the kind follows if the
// value is no string: "url", "tags (a list)". Returns no names if `content` is no JSON object.
std::vector<std::string> json_fields(std::span<const std::byte> content);

// Returns `text` without ASCII white space at its ends.
std::string trimmed(const std::string& text);

}  // namespace helip::data
