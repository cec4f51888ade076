#include "common/path_kind.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace helip {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::string why_not_there(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? "" : std::generic_category().message(errno);
}

}  // namespace helip
