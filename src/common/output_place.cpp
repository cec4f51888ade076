#include "common/output_place.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "common/error.h"
#include "common/path_kind.h"
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

// Throws unless a file can be put there. Returns its place: behind a link.
fs::path replaced_place(const fs::path& whole, bool slash, const std::string& option) {
  const std::string kind = kind_of(whole);
  if (kind == "a folder" || slash) {
    throw refusal("the output is a folder", option, "a file", whole.string());
  }
  if (kind != "a file" && kind != "nothing") {
    throw refusal("the output would take the place of what is no file", option,
                  "a file or nothing at " + whole.string(), kind);
  }
  std::error_code ignored;
  return fs::is_symlink(whole, ignored) ? fs::canonical(whole) : whole;
}

}  // namespace

std::string writing_problem(const fs::path& folder) {
  // Permissions alone would not tell of a read-only disk.
  int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
    // Network file systems may have no files without a name.
    std::string name = (folder / ".helip-XXXXXX").string();
    file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file >= 0) ::unlink(name.c_str());
  }
  if (file < 0) return std::generic_category().message(errno);
  ::close(file);
  return {};
}

void check_output_place(const fs::path& path, const std::string& option, Existing existing) {
  if (path.empty()) throw refusal("the output has no name", option, "a path", "an empty one");
  std::error_code error;
  fs::path whole = without_last_slash(fs::absolute(path).lexically_normal());
  if (whole.filename().string().size() > kMostNameBytes) {
    throw refusal("the output's name is too long", option,
                  cat("at most ", kMostNameBytes, " bytes"),
                  cat(whole.filename().string().size(), " bytes"));
  }
  if (existing == Existing::kReplaced) {
    whole = replaced_place(whole, !path.has_filename(), option);
  } else if (fs::exists(fs::symlink_status(whole, error))) {
    throw refusal("the output exists already", option, "a new file or folder", whole.string());
  }
  const fs::path folder = nearest_existing(whole.parent_path());
  if (!is_folder(folder)) {
    throw refusal("the output's folder is no folder", option, "a folder at " + folder.string(),
                  kind_of(folder));
  }
  if (const std::string problem = writing_problem(folder); !problem.empty()) {
    throw refusal("the output's folder cannot be written", option, "a folder that can be written",
                  folder.string() + " (" + problem + ")");
  }
}

}  // namespace helip
