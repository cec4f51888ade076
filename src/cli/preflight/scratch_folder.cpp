#include "cli/preflight/scratch_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/error.h"
#include "common/text.h"

namespace helip::cli {

void check_scratch(const std::string& folder, const std::string& where) {
  if (folder.empty()) return;
  // Permissions alone would not tell of a read-only disk, or of one without such files.
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) {
    const int problem = errno;
    throw ConfigError({.what = "the scratch folder cannot be used",
                       .where = where,
                       .expected = "a folder on a local disk that can be written to",
                       .found = cat(folder, ": ", std::system_category().message(problem))});
  }
  ::close(file);
}

}  // namespace helip::cli
