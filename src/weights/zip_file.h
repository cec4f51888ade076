// Zip archives of stored (not compressed) entries, as torch.save writes them. Nothing is unpacked:
// an entry is a view of the mapped file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "common/mapped_file.h"

namespace helip::weights {

// Checked on open: the end record, the central directory inside the file, every entry inside the
// file before the directory, local and central name equal, no name twice. Throws StoreError naming
// file and entry. Immutable; safe from many threads; views live as long as the object.
class ZipFile {
 public:
  struct Entry {
    std::span<const std::byte> bytes;  // as they lie in the file
    std::uint32_t crc = 0;
    bool stored = true;  // neither compressed nor encrypted
  };

  static ZipFile open(const std::filesystem::path& path);

  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
  [[nodiscard]] std::uint64_t file_size() const { return file_.bytes().size(); }
  // The entry's content. Throws StoreError: not there, not stored, or its CRC-32 differs.
  [[nodiscard]] std::span<const std::byte> read(const std::string& name) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::map<std::string, Entry> entries_;
};

}  // namespace helip::weights
