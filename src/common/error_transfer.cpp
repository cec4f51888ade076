#include "common/error_transfer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/error.h"
#include "common/text.h"

namespace helip {
namespace {

enum class Kind : char {
  kConfig = 'c',
  kData = 'd',
  kStore = 's',
  kComm = 'm',
  kOther = 'o',
};

Kind kind_of(const std::exception& error) {
  if (dynamic_cast<const ConfigError*>(&error) != nullptr) return Kind::kConfig;
  if (dynamic_cast<const DataError*>(&error) != nullptr) return Kind::kData;
  if (dynamic_cast<const StoreError*>(&error) != nullptr) return Kind::kStore;
  if (dynamic_cast<const CommError*>(&error) != nullptr) return Kind::kComm;
  return Kind::kOther;
}

// Parts may hold any byte, so each goes after its size.
std::string counted(const std::string& part) { return cat(part.size(), ':', part); }

// Takes the next part off `text`. Returns nothing if there is none.
std::optional<std::string> take_part(std::string_view& text) {
  std::size_t size = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), size);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (problem != std::errc() || digits == text.size() || text[digits] != ':') return std::nullopt;
  text.remove_prefix(digits + 1);
  if (size > text.size()) return std::nullopt;
  std::string part(text.substr(0, size));
  text.remove_prefix(size);
  return part;
}

}  // namespace

std::string pack_error(const std::exception& error) {
  const auto* const ours = dynamic_cast<const Error*>(&error);
  const Problem problem = ours != nullptr ? ours->problem() : Problem{.what = line_of(error)};
  return cat(static_cast<char>(kind_of(error)), counted(problem.what), counted(problem.where),
             counted(problem.expected), counted(problem.found));
}

void throw_packed(std::string_view packed) {
  std::string_view rest = packed.substr(std::min<std::size_t>(1, packed.size()));
  Problem problem;
  for (std::string* part : {&problem.what, &problem.where, &problem.expected, &problem.found}) {
    std::optional<std::string> taken = take_part(rest);
    if (!taken) {
      throw CommError({.what = "the error of another process cannot be read",
                       .expected = "a kind and four parts",
                       .found = std::string(packed)});
    }
    *part = *std::move(taken);
  }
  switch (static_cast<Kind>(packed.front())) {
    case Kind::kConfig:
      throw ConfigError(problem);
    case Kind::kData:
      throw DataError(problem);
    case Kind::kStore:
      throw StoreError(problem);
    case Kind::kComm:
      throw CommError(problem);
    case Kind::kOther:
      break;
  }
  throw Error(problem);
}

}  // namespace helip
