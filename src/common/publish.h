// Publishing files atomically: a reader sees the whole file under its final name or none.
// Temporary names are NAME.tmp.<pid>.<n> in the same folder; a failure removes them. fsync errors
// are never retried. A link is written through: the file that it leads to gets the content.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace helip {

// Writes a temporary file piece by piece; publish() makes it durable and gives it its final name.
// Without publish() the destructor removes it. Throws StoreError naming the file and the system's
// reason, or what is there if that is neither a file nor nothing: a device or pipe is not replaced.
class FilePublisher {
 public:
  explicit FilePublisher(const std::filesystem::path& final_path);
  ~FilePublisher();
  FilePublisher(const FilePublisher&) = delete;
  FilePublisher& operator=(const FilePublisher&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  // fsync, rename, fsync of the folder. At most once.
  void publish();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_path_;
  int file_ = -1;
};

void publish_file(const std::filesystem::path& path, std::string_view content);

// Gives the finished folder `temporary` its final name, after fsync of its files; `final_path` must
// not exist.
void publish_folder(const std::filesystem::path& temporary,
                    const std::filesystem::path& final_path);

// A folder for what is not finished yet, beside its place: gone at the end unless publish_folder()
// gave it another name. Its user makes it.
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

// "x/" is "x": names beside a folder are made from its name, which must not end in a slash.
std::filesystem::path without_last_slash(const std::filesystem::path& path);

// Removes a file, or a folder with all that is in it, if it is there. Throws StoreError.
void remove_path(const std::filesystem::path& path);

// Appends what it is given in one write(2), without fsync; not atomic beyond that.
void append_bytes(const std::filesystem::path& path, std::string_view bytes);
// The same of one line (metrics, logs).
void append_line(const std::filesystem::path& path, std::string_view line);

// Whole file as text. Throws StoreError.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace helip
