// Reads zip archives of stored (not compressed) entries, as torch.save writes them. Nothing is
// unpacked: an entry is a view of the mapped file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "common/mapped_file.h"

namespace helip::weights {

// An archive that was checked as it was opened: the end record, the central directory inside the
// file, every entry inside the file before the directory, local and central name equal, no name
// twice. Immutable; safe from many threads; views live as long as the object.
class ZipFile {
 public:
  struct Entry {
    std::span<const std::byte> bytes;  // as they lie in the file
    std::uint32_t crc = 0;
    bool stored = true;  // neither compressed nor encrypted
  };

  // Opens and checks an archive. Throws StoreError naming file and entry.
  static ZipFile open(const std::filesystem::path& path);

  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
  [[nodiscard]] std::uint64_t file_size() const { return file_.bytes().size(); }
  // Returns the entry's content. Throws StoreError if there is no such entry, if it is not stored,
  // or if its CRC-32 differs.
  [[nodiscard]] std::span<const std::byte> read(const std::string& name) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::map<std::string, Entry> entries_;
};

}  // namespace helip::weights
