// One tar header block and the extended headers in front of a member: the format's constants and
// their parser, shared by TarReader and by reading a key back from its shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "common/error.h"
#include "data/corpus/tar_reader.h"

namespace helip::data::tar {

inline constexpr std::uint64_t kBlock = 512;
inline constexpr std::uint64_t kMaxExtendedHeader = 1 << 20;  // bytes of one extended header
inline constexpr int kMaxExtendedHeaders = 16;                // in front of one member

// Offset and length of a field in a header block.
struct Field {
  std::size_t offset, length;
};
inline constexpr Field kName{0, 100};
inline constexpr Field kMode{100, 8};
inline constexpr Field kUid{108, 8};
inline constexpr Field kGid{116, 8};
inline constexpr Field kSize{124, 12};
inline constexpr Field kTime{136, 12};
inline constexpr Field kChecksum{148, 8};
inline constexpr Field kType{156, 1};
inline constexpr Field kMagic{257, 8};
inline constexpr Field kPrefix{345, 155};

// Returns the sum of the block's kBlock bytes, with the checksum field read as spaces.
std::uint32_t checksum(std::span<const std::byte> block);

// Returns true if the checksum of a header is right: the sum of the block's bytes, unsigned or
// signed.
bool is_header(std::span<const std::byte> block);

// Returns how many bytes of padding follow a content of `size` bytes.
constexpr std::uint64_t padding_of(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

// Return the error for bytes that are no tar (`damaged`) and for a file that ends too early
// (`cut_off`).
DamagedTar damaged(const std::string& shard, std::uint64_t offset, const std::string& what,
                   const std::string& expected = {}, const std::string& found = {});
DamagedTar cut_off(const std::string& shard, std::uint64_t offset, const std::string& what,
                   const std::string& expected, const std::string& found);

// Returns the error for a member that begins behind the end mark.
DamagedTar second_archive(const std::string& shard, std::uint64_t offset);

// Throws DamagedTar if the member has a problem (TarMember::problem) and `odd` is kRefused.
void check_odd(const TarMember& member, OddMembers odd, const std::string& shard);

// Reads the headers of one member that starts at `offset` of a shard with `file_bytes` bytes.
// `read` fills its argument with the following bytes and is never asked beyond `file_bytes`.
// Returns nothing at a zero block (the end mark), and where less than a block is left and all of it
// is zero: an archive without an end mark, or with one that is cut off. Throws DamagedTar if the
// bytes are no header or the file ends too early.
std::optional<TarMember> read_headers(const std::function<void(std::span<std::byte>)>& read,
                                      std::uint64_t offset, std::uint64_t file_bytes,
                                      const std::string& shard);

}  // namespace helip::data::tar
