// Writes zip archives that torch.load reads and maps: stored entries, their data at multiples of 64
// bytes, zip64 throughout, so that size has no limit. No time is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/publish.h"

namespace helip::weights {

// Writes one archive, which publish() makes appear as a whole (common/publish.h); without publish()
// no file remains. Every function throws StoreError if the disk refuses.
class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path);

  // Appends an entry.
  void add(const std::string& name, std::span<const std::byte> bytes);
  void add(const std::string& name, std::string_view text);
  void publish();

 private:
  struct Entry {
    std::string name;
    std::uint32_t crc = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;  // of the local header
  };
  void put(std::string_view bytes);

  FilePublisher publisher_;
  std::uint64_t at_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace helip::weights
