// A tar's members by their headers, in order, without reading what lies between them: for counts
// and checks before a job. Damage of contents is not seen (tar_reader.h sees it), and what
// follows the end mark only where it is asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "data/corpus/tar_reader.h"

namespace helip::data {

class TarHeaders {
 public:
  // Throws DataError as TarReader does: no regular file, compressed.
  explicit TarHeaders(const std::filesystem::path& shard, OddMembers odd = OddMembers::kRefused);

  // The next member, or nothing at the end mark. Throws DamagedTar at a header that is none.
  std::optional<TarMember> next();
  // Content of the current member. Throws DataError if it has more than `most` bytes.
  std::string content(std::uint64_t most);

  // After next() returned nothing: false if the file ends without an end mark, as TarReader says
  // it.
  [[nodiscard]] bool has_end_mark() const { return has_end_mark_; }
  // The same time: throws DamagedTar if a second archive lies behind the end mark.
  void check_end();

  // Where the next member begins; at the end mark, the file's size.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  void read_at(std::uint64_t offset, std::span<std::byte> out);

  std::string shard_;
  OddMembers odd_;
  std::ifstream file_;
  std::uint64_t bytes_, offset_ = 0;
  std::uint64_t end_mark_ = 0;  // where it begins
  bool has_end_mark_ = true;
  TarMember member_;
};

}  // namespace helip::data
