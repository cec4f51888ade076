#include "data/corpus/tar_headers.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "common/text.h"
#include "data/corpus/tar_header.h"

namespace helip::data {
namespace {

DataError unreadable(const std::string& shard, std::uint64_t offset, bool is_end) {
  return DataError({.what = "cannot read the shard",
                    .where = cat(shard, ": byte ", offset),
                    .expected = "a file that can be read and does not change",
                    .found = is_end ? "its end" : std::generic_category().message(errno)});
}

}  // namespace

TarHeaders::TarHeaders(const std::filesystem::path& shard, OddMembers odd)
    : shard_(shard.string()), odd_(odd), bytes_(TarReader(shard).file_bytes()) {
  file_.open(shard, std::ios::binary);
  if (!file_) throw unreadable(shard_, 0, false);
}

void TarHeaders::read_at(std::uint64_t offset, std::span<std::byte> out) {
  file_.seekg(static_cast<std::streamoff>(offset));
  if (!file_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()))) {
    throw unreadable(shard_, offset, file_.eof());
  }
}

std::optional<TarMember> TarHeaders::next() {
  std::uint64_t at = offset_;
  const auto read = [&](std::span<std::byte> out) {
    read_at(at, out);
    at += out.size();
  };
  const auto member = tar::read_headers(read, offset_, bytes_, shard_);
  if (!member) {
    end_mark_ = offset_;
    has_end_mark_ = bytes_ - offset_ >= tar::kBlock;
  }
  offset_ = bytes_;
  if (!member) return std::nullopt;
  tar::check_odd(*member, odd_, shard_);
  member_ = *member;
  // A tar without end mark may lack the last member's padding.
  offset_ = std::min(bytes_, member->data_offset + member->size + tar::padding_of(member->size));
  return member;
}

void TarHeaders::check_end() {
  std::array<std::byte, tar::kBlock> block{};
  for (std::uint64_t at = end_mark_; at < bytes_ && bytes_ - at >= block.size();
       at += block.size()) {
    read_at(at, block);
    const bool is_zero = std::ranges::all_of(block, [](std::byte b) { return b == std::byte{0}; });
    if (!is_zero && tar::is_header(block)) throw tar::second_archive(shard_, at);
  }
}

std::string TarHeaders::content(std::uint64_t most) {
  if (member_.size > most) {
    throw DataError({.what = "a text is too long",
                     .where = cat(shard_, ": ", member_.name),
                     .expected = cat("at most ", most, " bytes"),
                     .found = cat(member_.size)});
  }
  std::string content(static_cast<std::size_t>(member_.size), '\0');
  if (!content.empty()) read_at(member_.data_offset, std::as_writable_bytes(std::span(content)));
  return content;
}

}  // namespace helip::data
