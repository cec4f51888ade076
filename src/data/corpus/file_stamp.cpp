#include "data/corpus/file_stamp.h"

#include <sys/stat.h>

#include "common/error.h"

namespace helip::data {

FileStamp file_stamp(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    throw DataError({.what = "cannot read the file", .where = file.string()});
  }
  return {.bytes = static_cast<std::uint64_t>(status.st_size),
          .mtime_ns = static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                      status.st_mtim.tv_nsec};
}

}  // namespace helip::data
