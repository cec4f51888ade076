// Building and shortening strings. g++ 12 has no <format>.
#pragma once

#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>

namespace helip {

// Returns its arguments, printed by operator<<, as one string: cat("step ", 3) == "step 3".
template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

bool is_valid_utf8(std::string_view text);

// Returns `text` with \xNN for bytes that are not valid UTF-8 and for characters that do not print
// as themselves: control characters, line and paragraph separators, marks that change the direction
// of writing, invisible characters. Text from data is then safe in a log line.
std::string printable(std::string_view text);

// The most bytes of a message to a person, without the prefix that a terminal or a log adds.
inline constexpr std::size_t kMostLineBytes = 440;

// Returns printable(text), with "…" in its middle if it is longer than `most` bytes. Never cuts a
// character or an escape in two. `most` is at least 16.
std::string shortened(std::string_view text, std::size_t most);

// Returns `text` with "…" in the middle of each run of more than 40 digits, since nobody reads a
// number of hundreds of digits.
std::string with_short_numbers(std::string_view text);

// Returns `value` with `digits` digits after the point: decimal(1.25, 1) == "1.2".
std::string decimal(double value, int digits);

// Returns "1.5 GiB", "12.0 KiB" or "512 B".
std::string human_bytes(double bytes);

// Returns "4.2 s", "42 s", "3 min 05 s" or "2 h 10 min". Returns "?" for a negative or infinite
// time or NaN.
std::string human_seconds(double seconds);

}  // namespace helip
