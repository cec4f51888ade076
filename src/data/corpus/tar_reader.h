// A strict, sequential reader of tar shards: ustar, pax and GNU long names. It verifies checksums
// of headers and compares sizes with the file's, so that it finds damage where the damage begins.
// Members before the damage can be used; the caller finds out how much is lost (shard_index.h,
// lost_samples.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "data/corpus/file_kind.h"

namespace helip::data {

struct TarMember {
  std::string name;
  bool is_file = false;             // regular file; links, folders and devices have no content here
  bool is_link = false;             // hard or symbolic link: never followed
  std::uint64_t header_offset = 0;  // first header block, extended headers included
  std::uint64_t data_offset = 0;
  std::uint64_t size = 0;
  // Why this member cannot be used though the members behind it can: a sparse or split member, or
  // one without a usable name or with a name that leaves the archive. Then is_file is false. Empty:
  // no problem.
  std::string problem;
};

// How a reader treats a member that has a problem: kRefused throws DamagedTar, kNamed returns it
// like other members.
enum class OddMembers : std::uint8_t { kRefused, kNamed };

// The bytes of a shard are no whole tar.
class DamagedTar : public DataError {
 public:
  // `problem.where` is the shard, `offset` the damaged place. `is_cut`: the file ends too early.
  DamagedTar(const Problem& problem, std::uint64_t offset, bool is_cut);
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] bool is_cut() const { return is_cut_; }
  // Returns the message without shard and offset.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  std::uint64_t offset_;
  bool is_cut_;
  std::string reason_;
};

// Not thread-safe. Each error is a DataError that names the shard. Errors about the archive's
// bytes, which next() throws, are DamagedTar and name the byte offset, too.
class TarReader {
 public:
  // Opens the shard. Throws DataError if it cannot be read, is no regular file or is compressed.
  explicit TarReader(std::filesystem::path file, OddMembers odd = OddMembers::kRefused);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // Returns the next member, or nothing at the archive's end. Skips the part of the current
  // member's content that was not read. Throws DamagedTar if the bytes are no header, the file ends
  // too early or a second archive follows, and for a member with a problem if members with problems
  // are refused.
  std::optional<TarMember> next();
  // Passes the content of the current member to `sink` in pieces.
  void read(const std::function<void(std::span<const std::byte>)>& sink);
  // Returns the content of the current member.
  std::vector<std::byte> read_all();

  // Returns false if the file ends behind its last member's content without an end mark, as a
  // writer that was not closed leaves it; all members were read. Valid after next() returned
  // nothing.
  [[nodiscard]] bool has_end_mark() const { return has_end_mark_; }
  // Returns how many bytes lie behind the end mark from the first byte on that is not zero. No
  // member begins among them. Valid after next() returned nothing.
  [[nodiscard]] std::uint64_t junk_bytes() const { return junk_bytes_; }

  // Reads the rest of the file, for its digest, after next() threw `damage`. Returns the number of
  // bytes from the damaged place to the file's end.
  std::uint64_t skip_rest(const DamagedTar& damage);

  // Returns the kind of the file by its first bytes; nothing for a tar and for an unknown kind.
  [[nodiscard]] const std::optional<FileKind>& kind() const { return kind_; }
  [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }
  // Returns the sha256 of the whole file as hexadecimal digits. Call it once, after next() returned
  // nothing or after skip_rest().
  std::string sha256() { return digest_.hex(); }

 private:
  std::span<const std::byte> take(std::uint64_t most);
  void read_exact(std::span<std::byte> out);
  void check_end();

  std::filesystem::path path_;
  OddMembers odd_;
  int file_ = -1;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t offset_ = 0;        // of the next byte that take() gives
  std::uint64_t data_left_ = 0;     // content of the current member not yet read
  std::uint64_t padding_left_ = 0;  // zeros behind it
  bool has_end_mark_ = true;
  std::uint64_t junk_bytes_ = 0;
  std::optional<FileKind> kind_;  // by the first bytes
  Sha256 digest_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Returns the name of the member whose headers (extended ones included) are `headers`; for reading
// a key back from its shard. Throws DamagedTar if they are not the headers of one usable member;
// `shard` and `offset` are for the message.
std::string member_name(std::span<const std::byte> headers, const std::string& shard,
                        std::uint64_t offset);

}  // namespace helip::data
