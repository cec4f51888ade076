#include "common/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "common/error.h"

namespace helip {
namespace {

StoreError failure(const std::filesystem::path& path, const char* what) {
  return StoreError(
      {.what = what, .where = path.string(), .found = std::generic_category().message(errno)});
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  // A named pipe without a writer is refused below, not waited for.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw failure(path, "cannot open the file");
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    const bool irregular = !S_ISREG(status.st_mode);
    ::close(file);
    if (irregular) throw StoreError({.what = "not a regular file", .where = path.string()});
    throw failure(path, "cannot read the file's size");
  }
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ > 0) {
    void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    const int reason = errno;
    ::close(file);
    errno = reason;
    if (mapped == MAP_FAILED) throw failure(path, "cannot map the file");
    data_ = static_cast<const std::byte*>(mapped);
  } else {
    ::close(file);
  }
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace helip
