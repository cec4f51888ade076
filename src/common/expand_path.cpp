#include "common/expand_path.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "common/error.h"
#include "common/text.h"

namespace helip {
namespace {

constexpr std::size_t kShownBytes = 80;

ConfigError refusal(const std::string& what, const std::string& where, const std::string& expected,
                    std::string_view found) {
  return ConfigError({.what = what,
                      .where = where,
                      .expected = expected,
                      .found = cat("'", shortened(found, kShownBytes), "'")});
}

bool starts_name(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_in_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

// Bytes of the variable's name at the front of `text`.
std::size_t name_length(std::string_view text) {
  if (text.empty() || !starts_name(text.front())) return 0;
  std::size_t length = 1;
  while (length < text.size() && is_in_name(text[length])) ++length;
  return length;
}

std::string value_of(const std::string& name, const std::string& where) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    throw refusal(value == nullptr ? "the environment variable is not set"
                                   : "the environment variable is empty",
                  where, "a variable with a value, or $$ for a dollar", "$" + name);
  }
  if (!is_valid_utf8(value)) {
    throw refusal("the environment variable is not UTF-8", where, "UTF-8 text", "$" + name);
  }
  return value;
}

// The home folder in the user database; of this user if `user` is empty. Empty if there is none.
std::string home_in_database(const std::string& user) {
  std::vector<char> buffer(1 << 16);
  passwd entry{};
  passwd* found = nullptr;
  if (user.empty()) {
    ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  } else {
    ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  }
  return found == nullptr || found->pw_dir == nullptr ? std::string() : std::string(found->pw_dir);
}

// Takes ~ or ~USER from the front of `part`, if it is there. Returns the home folder.
std::string take_home(std::string_view& part, const std::string& where) {
  if (!part.starts_with('~')) return {};
  const std::size_t end = std::min(part.find('/'), part.size());
  const std::string user(part.substr(1, end - 1));
  std::string home;
  if (const char* const own = std::getenv("HOME"); user.empty() && own != nullptr) home = own;
  if (home.empty()) home = home_in_database(user);
  if (home.empty()) {
    throw refusal(user.empty() ? "the home folder is not known" : "no such user", where,
                  "~ or ~USER with a home folder, or ./~ for a name that starts with ~",
                  part.substr(0, end));
  }
  part.remove_prefix(end);
  return home;
}

std::string with_variables(std::string_view part, const std::string& where) {
  std::string result;
  while (!part.empty()) {
    const std::size_t dollar = std::min(part.find('$'), part.size());
    result += part.substr(0, dollar);
    const std::string_view found = part.substr(dollar);
    part.remove_prefix(dollar);
    if (part.empty()) break;
    part.remove_prefix(1);
    if (part.starts_with('$')) {
      result += '$';
      part.remove_prefix(1);
      continue;
    }
    const bool braces = part.starts_with('{');
    if (braces) part.remove_prefix(1);
    const std::size_t length = name_length(part);
    if (length == 0 || (braces && !part.substr(length).starts_with('}'))) {
      throw refusal("not understood after a dollar", where, "$NAME, ${NAME}, or $$ for a dollar",
                    found);
    }
    result += value_of(std::string(part.substr(0, length)), where);
    part.remove_prefix(length + (braces ? 1 : 0));
  }
  return result;
}

}  // namespace

std::string expand_path(std::string_view text, const std::string& where) {
  constexpr std::string_view kJoin = "::";
  std::string result;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(text.find(kJoin, begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    result += take_home(part, where);
    result += with_variables(part, where);
    if (end == text.size()) return result;
    result += kJoin;
    begin = end + kJoin.size();
  }
}

std::string unexpanded_path(std::string_view path) {
  std::string result;
  for (const char c : path) {
    result += c;
    if (c == '$') result += c;
  }
  return result;
}

}  // namespace helip
