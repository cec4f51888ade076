#include "weights/zip_writer.h"

#include "weights/crc32.h"
#include "weights/zip_format.h"

namespace helip::weights {
namespace {

constexpr std::size_t kAlign = 64;
constexpr std::size_t kExtraHead = 4;  // id and length of an extra field
constexpr std::size_t kNumber = sizeof(std::uint64_t);
constexpr std::size_t kLocalExtra = kExtraHead + 2 * kNumber;    // two sizes
constexpr std::size_t kCentralExtra = kExtraHead + 3 * kNumber;  // and the offset

// A record built field by field, little endian.
class Record {
 public:
  Record& u16(std::uint64_t value) { return number(value, 2); }
  Record& u32(std::uint64_t value) { return number(value, 4); }
  Record& u64(std::uint64_t value) { return number(value, 8); }
  Record& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  Record& number(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) bytes_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  std::string bytes_;
};

}  // namespace

ZipWriter::ZipWriter(const std::filesystem::path& path) : publisher_(path) {}

void ZipWriter::put(std::string_view bytes) {
  publisher_.write(bytes);
  at_ += bytes.size();
}

void ZipWriter::add(const std::string& name, std::string_view text) {
  add(name, std::as_bytes(std::span(text)));
}

void ZipWriter::add(const std::string& name, std::span<const std::byte> bytes) {
  const Entry entry{.name = name, .crc = crc32(bytes), .size = bytes.size(), .offset = at_};
  const std::size_t unpadded = at_ + zip::kLocalSize + name.size() + kLocalExtra + kExtraHead;
  const std::size_t padding = (kAlign - unpadded % kAlign) % kAlign;
  Record header;
  header.u32(zip::kLocalSignature).u16(zip::kVersion64).u16(zip::kUtf8Flag).u16(zip::kStored);
  header.u16(0).u16(0);  // time and date
  header.u32(entry.crc).u32(zip::kIn64).u32(zip::kIn64);
  header.u16(name.size()).u16(kLocalExtra + kExtraHead + padding).text(name);
  header.u16(zip::kExtra64).u16(kLocalExtra - kExtraHead).u64(entry.size).u64(entry.size);
  header.u16(zip::kExtraPadding).u16(padding).text(std::string(padding, 'Z'));
  put(header.bytes());
  publisher_.write(bytes);
  at_ += bytes.size();
  entries_.push_back(entry);
}

void ZipWriter::publish() {
  const std::uint64_t directory = at_;
  for (const Entry& entry : entries_) {
    Record header;
    header.u32(zip::kCentralSignature).u16(zip::kVersion64).u16(zip::kVersion64);
    header.u16(zip::kUtf8Flag).u16(zip::kStored).u16(0).u16(0);
    header.u32(entry.crc).u32(zip::kIn64).u32(zip::kIn64);
    header.u16(entry.name.size()).u16(kCentralExtra).u16(0);  // no comment
    header.u16(0).u16(0).u32(0).u32(zip::kIn64);              // disk, attributes, offset
    header.text(entry.name);
    header.u16(zip::kExtra64).u16(kCentralExtra - kExtraHead);
    header.u64(entry.size).u64(entry.size).u64(entry.offset);
    put(header.bytes());
  }
  const std::uint64_t end = at_;
  Record tail;
  tail.u32(zip::kEnd64Signature).u64(zip::kEnd64Size - 12).u16(zip::kVersion64);
  tail.u16(zip::kVersion64).u32(0).u32(0).u64(entries_.size()).u64(entries_.size());
  tail.u64(end - directory).u64(directory);
  tail.u32(zip::kLocator64Signature).u32(0).u64(end).u32(1);
  tail.u32(zip::kEndSignature).u16(0).u16(0).u16(0xFFFF).u16(0xFFFF);
  tail.u32(zip::kIn64).u32(zip::kIn64).u16(0);
  put(tail.bytes());
  publisher_.publish();
}

}  // namespace helip::weights
