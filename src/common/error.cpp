#include "common/error.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string_view>

#include "common/text.h"

namespace helip {
namespace {

// A line of a terminal or a log adds the program's name, the time and the level.
constexpr std::size_t kMostBytes = 400;

// White space alone is quoted.
std::string visible(const std::string& part) {
  const bool blank = !part.empty() && part.find_first_not_of(" \t\r\n") == std::string::npos;
  return blank ? cat("'", part, "'") : part;
}

// What libstdc++ says of a failed call on the file system, without the paths: "cannot rename".
std::string operation_of(const std::filesystem::filesystem_error& error) {
  constexpr std::string_view kPrefix = "filesystem error: ";
  std::string_view text = error.what();
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  text = text.substr(0, std::min(text.find(": "), text.find(" [")));
  // Calls that only look have a name in its place.
  return text.starts_with("cannot ") ? std::string(text) : "cannot look at the file or folder";
}

// Returns the largest n with sum(min(size, n)) <= room.
std::size_t fair_share(std::array<std::size_t, 4> sizes, std::size_t room) {
  std::sort(sizes.begin(), sizes.end());
  std::size_t share = room;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    share = room / (sizes.size() - i);
    if (sizes.at(i) > share) break;
    room -= sizes.at(i);
  }
  return share;
}

}  // namespace

std::string to_line(const Problem& problem) {
  constexpr std::string_view kExpected = "; expected ";
  constexpr std::string_view kFound = "; found ";
  const std::size_t frame = kExpected.size() + kFound.size() + 2;
  const std::array<std::string, 4> parts = {
      with_short_numbers(problem.where), with_short_numbers(problem.what),
      with_short_numbers(visible(problem.expected)), with_short_numbers(visible(problem.found))};
  std::array<std::size_t, 4> sizes{};
  std::transform(parts.begin(), parts.end(), sizes.begin(),
                 [](const std::string& part) { return printable(part).size(); });
  const std::size_t share = fair_share(sizes, kMostBytes - frame);
  const auto part = [&](std::size_t i) { return shortened(parts.at(i), share); };
  std::string line;
  if (!problem.where.empty()) line += part(0) + ": ";
  line += part(1);
  if (!problem.expected.empty()) line.append(kExpected) += part(2);
  if (!problem.found.empty()) line.append(kFound) += part(3);
  return line;
}

std::string line_of(const std::exception& error) {
  if (const auto* const failed = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    const std::string other = failed->path2().empty() ? "" : " and " + failed->path2().string();
    return to_line({.what = operation_of(*failed),
                    .where = failed->path1().string() + other,
                    .found = failed->code().message()});
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return "not enough memory for what was asked (std::bad_alloc)";
  }
  if (dynamic_cast<const std::length_error*>(&error) != nullptr) {
    return to_line({.what = "a size beyond what memory can hold", .found = error.what()});
  }
  return *error.what() == '\0' ? "an error without a message" : error.what();
}

}  // namespace helip
