#include "config/fields/text_rules.h"

#include <algorithm>

#include "config/validate.h"

namespace helip::config {
namespace {

std::optional<std::string> quoted_unless(bool good, const std::string& text) {
  if (good) return std::nullopt;
  return "'" + text + "'";
}

// An IPv6 address has more than one colon and no slots.
bool counts_slots(const std::string& host) {
  const std::size_t colon = host.find(':');
  if (colon == std::string::npos || host.find(':', colon + 1) != std::string::npos) return true;
  const std::string slots = host.substr(colon + 1);
  if (slots == "*" || slots == "auto") return true;
  return colon > 0 && !slots.empty() && slots.size() <= 9 &&
         slots.find_first_not_of("0123456789") == std::string::npos && std::stoul(slots) > 0;
}

}  // namespace

std::optional<std::string> unsafe_name(const std::string& text) {
  const bool safe =
      !text.empty() && text.front() != '.' && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
      });
  return quoted_unless(safe, text);
}

std::optional<std::string> unsafe_given_name(const std::string& text) {
  return text.empty() ? std::nullopt : unsafe_name(text);
}

std::optional<std::string> no_separator(const std::string& text) {
  return quoted_unless(csv_separator_of(text).has_value(), text);
}

std::optional<std::string> no_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  return quoted_unless(colon != std::string::npos && colon > 0 && colon + 1 < text.size(), text);
}

std::optional<std::string> wrong_host(const std::string& text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string host = text.substr(begin, end - begin);
    if (!counts_slots(host)) return "'" + host + "'";
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace helip::config
