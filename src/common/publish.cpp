#include "common/publish.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include "common/error.h"
#include "common/mapped_file.h"
#include "common/path_kind.h"
#include "common/text.h"

namespace helip {
namespace {

StoreError failure(const std::filesystem::path& path, const char* what) {
  return StoreError(
      {.what = what, .where = path.string(), .found = std::generic_category().message(errno)});
}

void write_all(int file, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw failure(path, "cannot write the file");
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// Makes a file's data or a folder's entries durable.
void sync_path(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw failure(path, "cannot open for fsync");
  const bool synced = ::fsync(file) == 0;
  const int reason = errno;
  ::close(file);
  errno = reason;
  if (!synced) throw failure(path, "fsync failed");
}

std::filesystem::path temporary_name(const std::filesystem::path& final_path) {
  static std::atomic<unsigned> count{0};
  return final_path.string() + cat(".tmp.", ::getpid(), ".", count++);
}

void expect_file_or_nothing(const std::filesystem::path& path) {
  const std::string kind = kind_of(path);
  if (kind == "a file" || kind == "nothing") return;
  throw StoreError({.what = "no file can be written here",
                    .where = path.string(),
                    .expected = "a file or nothing",
                    .found = kind});
}

// Where the content goes: a link to a file stays, and the file gets it.
std::filesystem::path place_behind_link(const std::filesystem::path& path) {
  expect_file_or_nothing(path);
  std::error_code ignored;
  return std::filesystem::is_symlink(path, ignored) ? std::filesystem::canonical(path) : path;
}

}  // namespace

FilePublisher::FilePublisher(const std::filesystem::path& final_path)
    : final_path_(place_behind_link(final_path)), temporary_path_(temporary_name(final_path_)) {
  std::error_code error;
  std::filesystem::create_directories(folder_of(final_path_), error);
  if (error) {
    throw StoreError({.what = "cannot make the folder",
                      .where = folder_of(final_path_).string(),
                      .found = error.message()});
  }
  file_ = ::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file_ < 0) throw failure(temporary_path_, "cannot make the file");
}

FilePublisher::~FilePublisher() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(temporary_path_.c_str());
}

void FilePublisher::write(std::string_view text) { write_all(file_, text, final_path_); }

void FilePublisher::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void FilePublisher::publish() {
  if (::fsync(file_) != 0) throw failure(final_path_, "fsync failed");
  expect_file_or_nothing(final_path_);
  if (::rename(temporary_path_.c_str(), final_path_.c_str()) != 0) {
    throw failure(final_path_, "cannot give the file its final name");
  }
  const bool closed = ::close(file_) == 0;
  file_ = -1;
  if (!closed) throw failure(final_path_, "cannot close the file");
  sync_path(folder_of(final_path_));
}

void publish_file(const std::filesystem::path& path, std::string_view content) {
  FilePublisher publisher(path);
  publisher.write(content);
  publisher.publish();
}

void publish_folder(const std::filesystem::path& temporary,
                    const std::filesystem::path& final_path) {
  if (std::filesystem::exists(final_path)) {
    throw StoreError(
        {.what = "the folder exists already and is not replaced", .where = final_path.string()});
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(temporary)) {
    if (!entry.is_symlink()) sync_path(entry.path());
  }
  sync_path(temporary);
  if (::rename(temporary.c_str(), final_path.c_str()) != 0) {
    throw failure(final_path, "cannot give the folder its final name");
  }
  sync_path(folder_of(final_path));
}

StagingFolder::StagingFolder(std::filesystem::path path) : path_(std::move(path)) {}

StagingFolder::~StagingFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void remove_path(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error)
    throw StoreError({.what = "cannot remove", .where = path.string(), .found = error.message()});
}

std::filesystem::path without_last_slash(const std::filesystem::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

void append_bytes(const std::filesystem::path& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) throw failure(path, "cannot open the file to append");
  try {
    write_all(file, bytes, path);
  } catch (...) {
    ::close(file);
    throw;
  }
  ::close(file);
}

void append_line(const std::filesystem::path& path, std::string_view line) {
  append_bytes(path, std::string(line) + "\n");
}

std::string read_text_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace helip
