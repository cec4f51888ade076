#include "data/corpus/tar_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/corpus/tar_header.h"

namespace helip::data {
namespace {

constexpr std::size_t kBufferBytes = 1 << 18;

const char* kind_name(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a named pipe";
  return S_ISSOCK(mode) ? "a socket" : "a device";
}

DataError unreadable(const std::filesystem::path& path) {
  return DataError({.what = "cannot read the tar shard",
                    .where = path.string(),
                    .expected = "a file that can be read",
                    .found = std::generic_category().message(errno)});
}

}  // namespace

DamagedTar::DamagedTar(const Problem& problem, std::uint64_t offset, bool is_cut)
    : DataError({.what = problem.what,
                 .where = cat(problem.where, ": byte ", offset),
                 .expected = problem.expected,
                 .found = problem.found}),
      offset_(offset),
      is_cut_(is_cut),
      reason_(
          to_line({.what = problem.what, .expected = problem.expected, .found = problem.found})) {}

TarReader::TarReader(std::filesystem::path file, OddMembers odd)
    : path_(std::move(file)), odd_(odd), buffer_(kBufferBytes) {
  // A named pipe without a writer is refused below, not waited for.
  file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file_ < 0) throw unreadable(path_);
  try {
    struct stat status {};
    if (::fstat(file_, &status) != 0) throw unreadable(path_);
    if (!S_ISREG(status.st_mode)) {
      throw DataError({.what = "cannot read the tar shard",
                       .where = path_.string(),
                       .expected = "a regular file",
                       .found = kind_name(status.st_mode)});
    }
    file_bytes_ = static_cast<std::uint64_t>(status.st_size);
    if (file_bytes_ == 0) return;
    const auto head = take(0);
    if (!looks_like_tar(head)) kind_ = kind_of(head, path_.filename().string());
    if (kind_ && kind_->is_compressed) {
      throw DataError({.what = "compressed tar: a sample in it cannot be read alone",
                       .where = path_.string(),
                       .expected = cat("an uncompressed tar; ", kind_->advice),
                       .found = kind_->name});
    }
  } catch (...) {
    ::close(file_);
    throw;
  }
}

TarReader::~TarReader() { ::close(file_); }

// Consumes at most `most` bytes that lie in the buffer; with 0 it shows what lies there and
// consumes nothing.
std::span<const std::byte> TarReader::take(std::uint64_t most) {
  if (begin_ == end_) {
    ssize_t got = 0;
    do {
      got = ::read(file_, buffer_.data(), buffer_.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) throw unreadable(path_);
    if (got == 0) {
      throw DataError({.what = "the tar became shorter while it was read",
                       .where = path_.string(),
                       .expected = cat(file_bytes_, " bytes"),
                       .found = cat(offset_, " bytes")});
    }
    begin_ = 0;
    end_ = static_cast<std::size_t>(got);
    digest_.update(std::span<const std::byte>(buffer_.data(), end_));
  }
  const std::span<const std::byte> all(buffer_.data() + begin_, end_ - begin_);
  if (most == 0) return all;
  const auto part = all.first(static_cast<std::size_t>(std::min<std::uint64_t>(most, all.size())));
  begin_ += part.size();
  offset_ += part.size();
  return part;
}

void TarReader::read_exact(std::span<std::byte> out) {
  while (!out.empty()) {
    const auto part = take(out.size());
    std::memcpy(out.data(), part.data(), part.size());
    out = out.subspan(part.size());
  }
}

std::optional<TarMember> TarReader::next() {
  if (file_bytes_ == 0)
    throw tar::cut_off(path_.string(), 0, "empty tar", "tar members", "0 bytes");
  read([](std::span<const std::byte>) {});
  // A file may lack a part of the last member's padding: the member's content is whole.
  padding_left_ = std::min(padding_left_, file_bytes_ - offset_);
  while (padding_left_ > 0) padding_left_ -= take(padding_left_).size();
  const bool has_room = file_bytes_ - offset_ >= tar::kBlock;
  const std::uint64_t start = offset_;
  std::optional<TarMember> member;
  try {
    member = tar::read_headers([&](std::span<std::byte> out) { read_exact(out); }, start,
                               file_bytes_, path_.string());
  } catch (const DamagedTar&) {
    if (start > 0 || !kind_) throw;
    throw tar::cut_off(path_.string(), 0, "not a tar", "tar members", kind_->name);
  }
  if (!member) {
    has_end_mark_ = has_room;
    check_end();
    return std::nullopt;
  }
  tar::check_odd(*member, odd_, path_.string());
  data_left_ = member->size;
  padding_left_ = tar::padding_of(member->size);
  return member;
}

std::uint64_t TarReader::skip_rest(const DamagedTar& damage) {
  while (offset_ < file_bytes_) take(file_bytes_ - offset_);
  return file_bytes_ - damage.offset();
}

// Behind the end mark zeros follow, or what no reader of tars looks at; a member there belongs to a
// second archive, and would be lost in silence.
void TarReader::check_end() {
  std::array<std::byte, tar::kBlock> block{};
  while (offset_ < file_bytes_) {
    const std::uint64_t start = offset_;
    const auto part = std::span(block).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), file_bytes_ - offset_)));
    read_exact(part);
    const auto other =
        std::find_if(part.begin(), part.end(), [](std::byte b) { return b != std::byte{0}; });
    if (other == part.end()) continue;
    if (part.size() == block.size() && tar::is_header(block)) {
      throw tar::second_archive(path_.string(), start);
    }
    if (junk_bytes_ == 0)
      junk_bytes_ = file_bytes_ - start - static_cast<std::uint64_t>(other - part.begin());
  }
  // A file that grew since it was opened would have another digest.
  std::byte extra{};
  if (::pread(file_, &extra, 1, static_cast<off_t>(file_bytes_)) != 0) {
    throw DataError({.what = "the tar became longer while it was read",
                     .where = path_.string(),
                     .expected = cat(file_bytes_, " bytes")});
  }
}

void TarReader::read(const std::function<void(std::span<const std::byte>)>& sink) {
  while (data_left_ > 0) {
    const auto part = take(data_left_);
    data_left_ -= part.size();
    sink(part);
  }
}

std::vector<std::byte> TarReader::read_all() {
  std::vector<std::byte> content;
  content.reserve(static_cast<std::size_t>(data_left_));
  read([&](std::span<const std::byte> part) {
    content.insert(content.end(), part.begin(), part.end());
  });
  return content;
}

std::string member_name(std::span<const std::byte> headers, const std::string& shard,
                        std::uint64_t offset) {
  std::size_t used = 0;
  const auto read = [&](std::span<std::byte> out) {
    std::memcpy(out.data(), headers.data() + used, out.size());
    used += out.size();
  };
  // The content lies outside of `headers`: give the parser the largest file there can be, and keep
  // reads inside.
  const auto checked = [&](std::span<std::byte> out) {
    if (out.size() > headers.size() - used)
      throw tar::damaged(shard, offset, "the tar header changed since indexing");
    read(out);
  };
  const auto member = tar::read_headers(checked, offset, ~0ULL >> 1, shard);
  if (!member || !member->problem.empty() || used != headers.size())
    throw tar::damaged(shard, offset, "the tar header changed since indexing");
  return member->name;
}

}  // namespace helip::data
