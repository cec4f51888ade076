// Reads the headers of a tar's members in order and skips their contents: for counts and checks
// before a job. Only check_end() reads what follows the end mark.
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
  // Opens the shard. Throws DataError if it cannot be read, is no regular file or is compressed.
  explicit TarHeaders(const std::filesystem::path& shard, OddMembers odd = OddMembers::kRefused);

  // Returns the next member, or nothing at the archive's end. Throws DamagedTar if the bytes are no
  // header or the file ends too early, and for a member with a problem that `odd` refuses.
  std::optional<TarMember> next();
  // Returns the content of the member that next() returned last. Throws DataError if it has more
  // than `most` bytes or cannot be read.
  std::string content(std::uint64_t most);

  // Returns false if the file ends without an end mark. Valid after next() returned nothing.
  [[nodiscard]] bool has_end_mark() const { return has_end_mark_; }
  // Throws DamagedTar if a second archive lies behind the end mark. Call it after next() returned
  // nothing.
  void check_end();

  // Returns the offset of the next member; the file's size after next() returned nothing or threw.
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
