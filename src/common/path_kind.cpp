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

std::string kind_of(const fs::path& path) {
  std::error_code ignored;
  switch (fs::status(path, ignored).type()) {
    case fs::file_type::regular:
      return "a file";
    case fs::file_type::directory:
      return "a folder";
    case fs::file_type::fifo:
      return "a named pipe";
    case fs::file_type::socket:
      return "a socket";
    case fs::file_type::block:
    case fs::file_type::character:
      return "a device";
    case fs::file_type::not_found:
      return fs::is_symlink(path, ignored) ? "a link that leads nowhere" : "nothing";
    default:
      return fs::is_symlink(path, ignored) ? "a link that leads nowhere" : why_not_there(path);
  }
}

fs::path nearest_existing(const fs::path& path) {
  fs::path nearest = fs::absolute(path);
  std::error_code ignored;
  while (nearest.has_relative_path() && !fs::exists(fs::symlink_status(nearest, ignored))) {
    nearest = nearest.parent_path();
  }
  return nearest;
}

std::string why_not_there(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? "" : std::generic_category().message(errno);
}

}  // namespace helip
