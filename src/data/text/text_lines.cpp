#include "data/text/text_lines.h"

#include <algorithm>

#include "common/text.h"
#include "data/text/caption.h"

namespace helip::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Bytes of the line end at the front of `text`; 0 if there is none.
std::size_t line_end_length(std::string_view text) {
  if (text.starts_with("\r\n")) return 2;
  if (text.find_first_of("\n\r\v\f\x1C\x1D\x1E") == 0) return 1;
  if (text.starts_with("\xC2\x85")) return 2;                                          // NEL
  if (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) return 3;  // LS, PS
  return 0;
}

}  // namespace

std::vector<std::string> python_lines(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = line_end_length(text.substr(at, 3));
    if (end > 0) {
      lines.push_back(trimmed(std::string(text.substr(start, at - start))));
      start = at + end;
    }
    at += std::max<std::size_t>(end, 1);
  }
  if (start < text.size()) lines.push_back(trimmed(std::string(text.substr(start))));
  return lines;
}

std::string blank_lines(const std::vector<std::string>& lines) {
  constexpr std::size_t kNamed = 5;
  std::string text;
  std::size_t count = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty() && ++count <= kNamed) text += cat(text.empty() ? "" : ", ", i + 1);
  }
  return count > kNamed ? cat(text, " and ", count - kNamed, " more") : text;
}

}  // namespace helip::data
