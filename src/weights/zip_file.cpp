#include "weights/zip_file.h"

#include <cstring>
#include <string_view>

#include "common/error.h"
#include "common/text.h"
#include "weights/crc32.h"
#include "weights/zip_format.h"

namespace helip::weights {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kMaxComment = 0xFFFF;

// Reads numbers at places that the file itself names.
class Archive {
 public:
  Archive(Bytes bytes, const std::filesystem::path& path) : bytes_(bytes), path_(path) {}

  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

  [[noreturn]] void fail(const std::string& what, const std::string& expected = {},
                         const std::string& found = {}) const {
    throw StoreError({.what = what, .where = path_.string(), .expected = expected, .found = found});
  }

  [[nodiscard]] Bytes part(std::uint64_t offset, std::uint64_t length,
                           const std::string& what) const {
    if (offset > size() || length > size() - offset) {
      fail("damaged or truncated zip archive: " + what + " lies outside the file",
           cat("at most ", size(), " bytes"), cat(length, " bytes at ", offset));
    }
    return bytes_.subspan(offset, length);
  }

  template <typename Number>
  [[nodiscard]] Number number(std::uint64_t offset) const {
    Number value = 0;
    std::memcpy(&value, part(offset, sizeof value, "a number").data(), sizeof value);
    return value;
  }

 private:
  Bytes bytes_;
  const std::filesystem::path& path_;
};

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

std::uint64_t find_end(const Archive& archive) {
  if (archive.size() >= zip::kEndSize) {
    const std::uint64_t last = archive.size() - zip::kEndSize;
    const std::uint64_t first = last > kMaxComment ? last - kMaxComment : 0;
    for (std::uint64_t at = last + 1; at-- > first;) {
      if (archive.number<std::uint32_t>(at) == zip::kEndSignature &&
          archive.number<std::uint16_t>(at + 20) == last - at) {
        return at;
      }
    }
  }
  archive.fail("damaged or truncated zip archive: it has no end record");
}

Directory find_directory(const Archive& archive) {
  const std::uint64_t end = find_end(archive);
  Directory directory{.entries = archive.number<std::uint16_t>(end + 10),
                      .offset = archive.number<std::uint32_t>(end + 16),
                      .size = archive.number<std::uint32_t>(end + 12)};
  std::uint64_t limit = end;
  if (end >= zip::kLocator64Size &&
      archive.number<std::uint32_t>(end - zip::kLocator64Size) == zip::kLocator64Signature) {
    const auto end_64 = archive.number<std::uint64_t>(end - zip::kLocator64Size + 8);
    static_cast<void>(archive.part(end_64, zip::kEnd64Size, "the zip64 end record"));
    if (archive.number<std::uint32_t>(end_64) != zip::kEnd64Signature) {
      archive.fail("damaged zip archive: there is no zip64 end record where it should be");
    }
    directory = {.entries = archive.number<std::uint64_t>(end_64 + 32),
                 .offset = archive.number<std::uint64_t>(end_64 + 48),
                 .size = archive.number<std::uint64_t>(end_64 + 40)};
    limit = end_64;
  }
  if (directory.offset > limit || directory.size > limit - directory.offset) {
    archive.fail("damaged zip archive: its directory lies outside the file",
                 cat("at most ", limit, " bytes"),
                 cat(directory.size, " bytes at ", directory.offset));
  }
  if (directory.entries > directory.size / zip::kCentralSize) {
    archive.fail("damaged zip archive: more entries than its directory can hold",
                 cat("at most ", directory.size / zip::kCentralSize), cat(directory.entries));
  }
  return directory;
}

// One header of the central directory.
struct Header {
  std::string name = {};
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;
  std::uint64_t unpacked = 0;
  std::uint64_t local = 0;   // offset of the local header
  std::uint64_t length = 0;  // of this header
};

// Numbers that do not fit 32 bits follow each other in the extra field, in this order.
void read_extra(const Archive& archive, std::uint64_t at, std::uint64_t length, Header& header) {
  const std::uint64_t end = at + length;
  while (end - at >= 4) {
    const auto id = archive.number<std::uint16_t>(at);
    const auto size = archive.number<std::uint16_t>(at + 2);
    at += 4;
    if (size > end - at) break;
    std::uint64_t left = size;
    for (std::uint64_t* value : {&header.unpacked, &header.packed, &header.local}) {
      if (id != zip::kExtra64 || *value != zip::kIn64 || left < sizeof *value) continue;
      *value = archive.number<std::uint64_t>(at + size - left);
      left -= sizeof *value;
    }
    at += size;
  }
}

Header read_header(const Archive& archive, std::uint64_t at, std::uint64_t end) {
  if (end - at < zip::kCentralSize || archive.number<std::uint32_t>(at) != zip::kCentralSignature) {
    archive.fail("damaged zip archive: its directory has fewer entries than it says");
  }
  const std::uint64_t name_length = archive.number<std::uint16_t>(at + 28);
  const std::uint64_t extra_length = archive.number<std::uint16_t>(at + 30);
  const std::uint64_t comment_length = archive.number<std::uint16_t>(at + 32);
  Header header{.flags = archive.number<std::uint16_t>(at + 8),
                .method = archive.number<std::uint16_t>(at + 10),
                .crc = archive.number<std::uint32_t>(at + 16),
                .packed = archive.number<std::uint32_t>(at + 20),
                .unpacked = archive.number<std::uint32_t>(at + 24),
                .local = archive.number<std::uint32_t>(at + 42),
                .length = zip::kCentralSize + name_length + extra_length + comment_length};
  if (header.length > end - at) {
    archive.fail("damaged zip archive: an entry of its directory is cut off");
  }
  const Bytes name = archive.part(at + zip::kCentralSize, name_length, "a name");
  header.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  read_extra(archive, at + zip::kCentralSize + name_length, extra_length, header);
  return header;
}

ZipFile::Entry find_entry(const Archive& archive, const Header& header, std::uint64_t limit) {
  const std::string what = "entry '" + header.name + "'";
  const bool stored = header.method == zip::kStored && (header.flags & zip::kEncryptedFlag) == 0;
  if (stored && header.packed != header.unpacked) {
    archive.fail("damaged zip archive: " + what + " has two sizes", cat(header.unpacked),
                 cat(header.packed));
  }
  static_cast<void>(archive.part(header.local, zip::kLocalSize, what));
  const std::uint64_t name_length = archive.number<std::uint16_t>(header.local + 26);
  const std::uint64_t extra_length = archive.number<std::uint16_t>(header.local + 28);
  const Bytes name = archive.part(header.local + zip::kLocalSize, name_length, what);
  if (archive.number<std::uint32_t>(header.local) != zip::kLocalSignature ||
      archive.number<std::uint16_t>(header.local + 8) != header.method ||
      std::string_view(reinterpret_cast<const char*>(name.data()), name.size()) != header.name) {
    archive.fail("damaged zip archive: " + what + " is not where the directory says");
  }
  const std::uint64_t data = header.local + zip::kLocalSize + name_length + extra_length;
  if (data > limit || header.packed > limit - data) {
    archive.fail("damaged zip archive: " + what + " lies outside the file",
                 cat("at most ", limit, " bytes"), cat(header.packed, " bytes at ", data));
  }
  return {.bytes = archive.part(data, header.packed, what), .crc = header.crc, .stored = stored};
}

}  // namespace

ZipFile ZipFile::open(const std::filesystem::path& path) {
  ZipFile result;
  result.path_ = path;
  result.file_ = MappedFile(path);
  const Archive archive(result.file_.bytes(), path);
  const Directory directory = find_directory(archive);
  const std::uint64_t end = directory.offset + directory.size;
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    const Header header = read_header(archive, at, end);
    at += header.length;
    const Entry entry = find_entry(archive, header, directory.offset);
    if (!result.entries_.emplace(header.name, entry).second) {
      archive.fail("damaged zip archive: entry '" + header.name + "' is there twice");
    }
  }
  if (at != end) archive.fail("damaged zip archive: its directory has more entries than it says");
  return result;
}

std::span<const std::byte> ZipFile::read(const std::string& name) const {
  const auto found = entries_.find(name);
  const std::string where = path_.string() + ": entry '" + name + "'";
  if (found == entries_.end()) {
    throw StoreError({.what = "the archive has no such entry", .where = where});
  }
  const Entry& entry = found->second;
  if (!entry.stored) {
    throw StoreError({.what = "the entry is compressed or encrypted",
                      .where = where,
                      .expected = "a stored entry, as torch.save writes it"});
  }
  if (const std::uint32_t crc = crc32(entry.bytes); crc != entry.crc) {
    throw StoreError({.what = "the entry is damaged",
                      .where = where,
                      .expected = cat("CRC-32 ", entry.crc),
                      .found = cat(crc)});
  }
  return entry.bytes;
}

}  // namespace helip::weights
