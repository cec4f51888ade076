// A tar's members by their headers, in order, without reading what lies between them: for counts
// and checks before a job. Damage of contents, and what follows the end mark, is not seen
// (tar_reader.h sees it).
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "data/tar_reader.h"

namespace helip::data {

class TarHeaders {
 public:
  // Throws DataError if the file cannot be opened.
  explicit TarHeaders(const std::filesystem::path& shard);

  // The next member, or nothing at the end mark. Throws DamagedTar at a header that is none.
  std::optional<TarMember> next();
  // Content of the current member. Throws DataError if it has more than `most` bytes.
  std::string content(std::uint64_t most);

  // Where the next member begins; at the end mark, the file's size.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  void read_at(std::uint64_t offset, std::span<std::byte> out);

  std::string shard_;
  std::ifstream file_;
  std::uint64_t bytes_ = 0, offset_ = 0;
  TarMember member_;
};

}  // namespace helip::data
