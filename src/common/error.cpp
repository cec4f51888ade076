#include "common/error.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/text.h"

namespace helip {
namespace {

// A line of a terminal or a log adds the program's name, the time and the level.
constexpr std::size_t kMostBytes = 400;

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
  const std::array<std::string_view, 4> parts = {problem.where, problem.what, problem.expected,
                                                 problem.found};
  std::array<std::size_t, 4> sizes{};
  std::transform(parts.begin(), parts.end(), sizes.begin(),
                 [](std::string_view part) { return printable(part).size(); });
  const std::size_t share = fair_share(sizes, kMostBytes - frame);
  const auto part = [&](std::size_t i) { return shortened(parts.at(i), share); };
  std::string line;
  if (!problem.where.empty()) line += part(0) + ": ";
  line += part(1);
  if (!problem.expected.empty()) line.append(kExpected) += part(2);
  if (!problem.found.empty()) line.append(kFound) += part(3);
  return line;
}

}  // namespace helip
