// Publishing files atomically: a reader sees either the whole file under its final name or no file.
// Temporary files are NAME.tmp.<pid>.<n> in the same folder and are removed after a failure. A
// failed fsync is never repeated. If the final name is a link, the file behind the link gets the
// content.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace helip {

// Writes a temporary file piece by piece; publish() makes it durable and gives it its final name.
// The constructor makes missing folders. The destructor removes a file that was not published. All
// members throw StoreError that names the file and the system's reason, or the kind of what is at
// the final name if it is neither a file nor nothing: a device or a pipe is not replaced.
class FilePublisher {
 public:
  explicit FilePublisher(const std::filesystem::path& final_path);
  ~FilePublisher();
  FilePublisher(const FilePublisher&) = delete;
  FilePublisher& operator=(const FilePublisher&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  // Calls fsync, renames the file, and calls fsync on the folder. Call it at most once.
  void publish();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_path_;
  int file_ = -1;
};

// Writes `content` to `path` with a FilePublisher.
void publish_file(const std::filesystem::path& path, std::string_view content);

// Calls fsync on all files of the finished folder `temporary` and gives it its final name. Throws
// StoreError if `final_path` exists or a step fails.
void publish_folder(const std::filesystem::path& temporary,
                    const std::filesystem::path& final_path);

// Removes an unfinished folder, which stands beside its final place, at the end of a scope. The
// class does not make the folder. After publish_folder() has renamed it there is nothing to remove.
class StagingFolder {
 public:
  explicit StagingFolder(std::filesystem::path path);
  ~StagingFolder();
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Returns `path` without a slash at its end: "x/" becomes "x". Names beside a folder are made from
// the folder's name, which must not end in a slash.
std::filesystem::path without_last_slash(const std::filesystem::path& path);

// Removes a file, or a folder with all that is in it. Does nothing if `path` does not exist. Throws
// StoreError.
void remove_path(const std::filesystem::path& path);

// Appends `bytes` to a file, which is made if it is missing, without fsync. Uses one write(2)
// unless the system writes only a part; not atomic beyond that. Throws StoreError.
void append_bytes(const std::filesystem::path& path, std::string_view bytes);
// Appends `line` (of metrics, of a log) and a line end, like append_bytes().
void append_line(const std::filesystem::path& path, std::string_view line);

// Returns the whole file as text. Throws StoreError if it cannot be read or is no regular file.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace helip
