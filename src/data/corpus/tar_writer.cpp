#include "data/corpus/tar_writer.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/error.h"
#include "common/text.h"
#include "data/corpus/tar_header.h"

namespace helip::data {
namespace {

using Block = std::array<std::byte, tar::kBlock>;
constexpr Block kZeros{};

void put_text(Block& block, tar::Field field, std::string_view text) {
  std::memcpy(block.data() + field.offset, text.data(), text.size());
}

// Octal digits that fill the field but for its last byte, a NUL.
void put_number(Block& block, tar::Field field, std::uint64_t value) {
  for (std::size_t i = field.length - 1; i-- > 0; value >>= 3) {
    block[field.offset + i] = static_cast<std::byte>('0' + (value & 7U));
  }
}

}  // namespace

void TarWriter::add(const std::string& name, std::span<const std::byte> content) {
  constexpr std::uint64_t kLargest = (1ULL << 33) - 1;  // 11 octal digits
  if (name.empty() || name.size() > tar::kName.length || content.size() > kLargest) {
    throw DataError({.what = "cannot write a tar member",
                     .where = name,
                     .expected = cat("a name of 1 to ", tar::kName.length, " bytes, at most ",
                                     kLargest, " bytes"),
                     .found = cat(name.size(), " and ", content.size(), " bytes")});
  }
  Block block{};
  put_text(block, tar::kName, name);
  put_number(block, tar::kMode, 0644);
  put_number(block, tar::kUid, 0);
  put_number(block, tar::kGid, 0);
  put_number(block, tar::kSize, content.size());
  put_number(block, tar::kTime, 0);
  put_text(block, tar::kType, "0");
  put_text(block, tar::kMagic, std::string_view("ustar\00000", 8));
  put_number(block, {tar::kChecksum.offset, 7}, tar::checksum(block));
  put_text(block, {tar::kChecksum.offset + 7, 1}, " ");
  publisher_.write(std::span<const std::byte>(block));
  publisher_.write(content);
  publisher_.write(
      std::span(kZeros).first(static_cast<std::size_t>(tar::padding_of(content.size()))));
}

void TarWriter::publish() {
  publisher_.write(std::span<const std::byte>(kZeros));
  publisher_.write(std::span<const std::byte>(kZeros));
  publisher_.publish();
}

}  // namespace helip::data
