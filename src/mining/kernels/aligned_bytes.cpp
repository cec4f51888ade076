#include "mining/kernels/aligned_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

#include "common/error.h"
#include "common/text.h"

namespace helip::mining {
namespace {

constexpr std::align_val_t kAlignment{64};

std::uint8_t* map_scratch(std::size_t size, const std::string& folder) {
  const auto refuse = [&](int problem) {
    throw StoreError({.what = "no scratch memory",
                      .where = folder,
                      .expected = cat("a folder with ", size, " free bytes"),
                      .found = std::system_category().message(problem)});
  };
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) refuse(errno);
  // Without room the first access to a page would end the process.
  const int problem = ::posix_fallocate(file, 0, static_cast<off_t>(size));
  void* mapped = problem != 0 ? MAP_FAILED
                              : ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const int failed = problem != 0 ? problem : errno;
  ::close(file);
  if (mapped == MAP_FAILED) refuse(failed);
  return static_cast<std::uint8_t*>(mapped);
}

}  // namespace

void AlignedBytes::Free::operator()(std::uint8_t* bytes) const {
  if (mapped > 0) {
    ::munmap(bytes, mapped);
  } else {
    ::operator delete[](bytes, kAlignment);
  }
}

AlignedBytes::AlignedBytes(std::size_t size, const std::string& scratch)
    : bytes_(nullptr, Free{scratch.empty() ? 0 : std::max<std::size_t>(size, 1)}) {
  const std::size_t least = std::max<std::size_t>(size, 1);
  bytes_.reset(scratch.empty() ? static_cast<std::uint8_t*>(::operator new[](least, kAlignment))
                               : map_scratch(least, scratch));
}

}  // namespace helip::mining
