#include "data/tokens/added_tokens.h"

#include <algorithm>
#include <utility>

#include "data/text/unicode_text.h"

namespace helip::data {
namespace {

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

// Where the white space begins that ends at `end`, not before `begin`.
std::size_t before_spaces(std::string_view text, std::size_t begin, std::size_t end) {
  while (end > begin) {
    std::size_t start = end - 1;
    while (start > begin && continues(text[start])) --start;
    const char32_t last = decode_utf8(text.substr(start, end - start)).front();
    if (!is_unicode_space(last)) break;
    end = start;
  }
  return end;
}

// Where the white space ends that begins at `begin`.
std::size_t after_spaces(std::string_view text, std::size_t begin) {
  while (begin < text.size()) {
    std::size_t end = begin + 1;
    while (end < text.size() && continues(text[end])) ++end;
    if (!is_unicode_space(decode_utf8(text.substr(begin, end - begin)).front())) break;
    begin = end;
  }
  return begin;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::stable_sort(tokens_.begin(), tokens_.end(), [](const auto& a, const auto& b) {
    return a.content.size() > b.content.size();
  });
  for (const AddedToken& token : tokens_) first_bytes_ += token.content.front();
}

void AddedTokens::split(std::string_view text, const Text& section, const Token& token) const {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    i = text.find_first_of(first_bytes_, i);
    if (i == std::string_view::npos) break;
    const auto hit = std::find_if(tokens_.begin(), tokens_.end(), [&](const AddedToken& one) {
      return text.substr(i).starts_with(one.content);
    });
    if (hit == tokens_.end()) {
      ++i;
      continue;
    }
    const std::size_t end = i + hit->content.size();
    const std::size_t left = hit->left_strip ? before_spaces(text, start, i) : std::max(i, start);
    if (left > start) section(text.substr(start, left - start));
    token(hit->id);
    start = hit->right_strip ? after_spaces(text, end) : end;
    i = end;
  }
  if (start < text.size()) section(text.substr(start));
}

}  // namespace helip::data
