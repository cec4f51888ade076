// A strict, sequential reader of tar shards: ustar, pax and GNU long names. Checksums are verified
// and sizes are bounded by the file, so that damage is met where it begins; what comes before it
// can be used, and how much is lost is for the caller to say (shard_index.h, lost_samples.h).
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
  // Why an archive's member cannot be used, though the one behind it can: a sparse or split member,
  // one without a usable name or with a name that leaves the archive. Then is_file is false.
  std::string problem;
};

// What a reader makes of a member with a problem: damage of the shard, or a member as others.
enum class OddMembers : std::uint8_t { kRefused, kNamed };

// The bytes of a shard are no whole tar.
class DamagedTar : public DataError {
 public:
  // `problem.where`: the shard. `is_cut`: the file ends too early.
  DamagedTar(const Problem& problem, std::uint64_t offset, bool is_cut);
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] bool is_cut() const { return is_cut_; }
  // The message without the place.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  std::uint64_t offset_;
  bool is_cut_;
  std::string reason_;
};

// Not thread-safe. Each error is a DataError that names the shard and the byte offset; those about
// the archive's bytes, met by next() and read(), are DamagedTar.
class TarReader {
 public:
  // Throws DataError if the file cannot be read or is compressed.
  explicit TarReader(std::filesystem::path file, OddMembers odd = OddMembers::kRefused);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // The next member, or nothing at the archive's end. What was not read of the current member's
  // content is passed over.
  std::optional<TarMember> next();
  // Content of the current member, in pieces.
  void read(const std::function<void(std::span<const std::byte>)>& sink);
  // The same in one piece.
  std::vector<std::byte> read_all();

  // After next() returned nothing: false if the file ends behind its last member's content, as a
  // writer that was not closed leaves it; all members were read.
  [[nodiscard]] bool has_end_mark() const { return has_end_mark_; }
  // Bytes behind the end mark, from the first that is not zero, among which no member begins.
  [[nodiscard]] std::uint64_t junk_bytes() const { return junk_bytes_; }

  // After DamagedTar: passes over what is left of the file, for its digest. Returns how many bytes
  // that is from the damaged place on.
  std::uint64_t skip_rest(const DamagedTar& damage);

  // What the file is by its first bytes, if that is no tar.
  [[nodiscard]] const std::optional<FileKind>& kind() const { return kind_; }
  [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }
  // sha256 of the whole file; once, after next() returned nothing or skip_rest().
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

// Name of the member whose headers (extended ones included) are `headers`; for reading a key back
// from its shard. Throws DataError; `shard` and `offset` are for its message.
std::string member_name(std::span<const std::byte> headers, const std::string& shard,
                        std::uint64_t offset);

}  // namespace helip::data
