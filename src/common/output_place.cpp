#include "common/output_place.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip {
namespace {

namespace fs = std::filesystem;

// What is not finished has a longer name beside the output.
constexpr std::size_t kMostNameBytes = 220;

ConfigError refusal(const std::string& what, const std::string& option, const std::string& expected,
                    const std::string& found) {
  return ConfigError({.what = what, .where = option, .expected = expected, .found = found});
}

}  // namespace

void check_output_place(const fs::path& path, const std::string& option, Existing existing) {
  if (path.empty()) throw refusal("the output has no name", option, "a path", "an empty one");
  std::error_code error;
  const fs::path whole = without_last_slash(fs::absolute(path).lexically_normal());
  const fs::file_status there = fs::symlink_status(whole, error);
  if (existing == Existing::kReplaced && fs::is_directory(there)) {
    throw refusal("the output is a folder", option, "a file", whole.string());
  }
  if (existing == Existing::kRefused && fs::exists(there)) {
    throw refusal("the output exists already", option, "a new file or folder", whole.string());
  }
  if (whole.filename().string().size() > kMostNameBytes) {
    throw refusal("the output's name is too long", option,
                  cat("at most ", kMostNameBytes, " bytes"),
                  cat(whole.filename().string().size(), " bytes"));
  }
  fs::path folder = whole.parent_path();
  while (folder.has_relative_path() && !fs::exists(fs::status(folder, error))) {
    folder = folder.parent_path();
  }
  if (!fs::is_directory(folder, error)) {
    throw refusal("the output's folder is no folder", option, "a folder", folder.string());
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    const std::string reason = std::generic_category().message(errno);
    throw refusal("the output's folder cannot be written", option, "a folder that can be written",
                  folder.string() + " (" + reason + ")");
  }
}

}  // namespace helip
