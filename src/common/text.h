// Building strings. g++ 12 has no <format>.
#pragma once

#include <cstddef>
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

// Escapes as \xNN what is not valid UTF-8 and what does not print as itself: control characters,
// line and paragraph separators, marks that change the direction of writing, invisible characters.
// Text from data is then safe in a log line.
std::string printable(std::string_view text);

// A message to a person, without what a terminal or a log puts in front of it, is no longer.
inline constexpr std::size_t kMostLineBytes = 440;

// Returns printable(text), with its middle replaced by "…" if it is longer than `most` bytes.
// Never cuts a character or an escape in two. `most` is at least 16.
std::string shortened(std::string_view text, std::size_t most);

// Returns `text` with the middle of each run of more than 40 digits replaced by "…": a number of
// hundreds of digits tells nothing.
std::string with_short_numbers(std::string_view text);

// Fixed-point text: decimal(1.25, 1) == "1.2".
std::string decimal(double value, int digits);

// "1.5 GiB", "12 KiB".
std::string human_bytes(double bytes);

// "42 s", "3 min 05 s", "2 h 10 min".
std::string human_seconds(double seconds);

}  // namespace helip
