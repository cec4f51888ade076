// Building strings. g++ 12 has no <format>.
#pragma once

#include <sstream>
#include <string>
#include <string_view>

namespace helip {

// Joins its arguments as operator<< prints them: cat("step ", 3) == "step 3".
template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

bool is_valid_utf8(std::string_view text);

// Escapes control characters and invalid UTF-8 as \xNN, so that text from data is safe in a log
// line.
std::string printable(std::string_view text);

// Fixed-point text: decimal(1.25, 1) == "1.2".
std::string decimal(double value, int digits);

// "1.5 GiB", "12 KiB".
std::string human_bytes(double bytes);

// "42 s", "3 min 05 s", "2 h 10 min".
std::string human_seconds(double seconds);

}  // namespace helip
