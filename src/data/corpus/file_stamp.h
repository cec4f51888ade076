// What tells without reading a file that it has changed.
#pragma once

#include <cstdint>
#include <filesystem>

namespace helip::data {

struct FileStamp {
  std::uint64_t bytes = 0;
  std::int64_t mtime_ns = 0;  // of the last change, since 1970
};

// Returns the stamp of a file. Follows links. Throws DataError if it cannot be examined.
FileStamp file_stamp(const std::filesystem::path& file);

}  // namespace helip::data
