#include "data/corpus/tar_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "common/text.h"

namespace helip::data::tar {
namespace {

using Block = std::array<std::byte, kBlock>;

// What the extended headers of a member say in place of its own header.
struct Extended {
  std::optional<std::string> name;
  std::optional<std::string> sparse_name;
  std::optional<std::uint64_t> size;
  bool is_sparse = false;
};

std::string_view text_of(std::span<const std::byte> block, Field field) {
  return {reinterpret_cast<const char*>(block.data()) + field.offset, field.length};
}

std::string_view until_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

// Octal text, blank for 0, or GNU's base-256 for what octal cannot hold.
std::optional<std::uint64_t> number_of(std::string_view field) {
  const auto lead = static_cast<unsigned char>(field[0]);
  if ((lead & 0x80U) != 0) {
    if (lead != 0x80U) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : field.substr(1)) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  const std::size_t first = std::min(field.find_first_not_of(' '), field.size());
  field.remove_prefix(first);
  const std::size_t end_of_digits = std::min({field.find('\0'), field.find(' '), field.size()});
  if (field.find_first_not_of(std::string_view(" \0", 2), end_of_digits) !=
      std::string_view::npos) {
    return std::nullopt;
  }
  field = field.substr(0, end_of_digits);
  std::uint64_t value = 0;
  if (field.empty()) return value;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

bool is_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

void check_sum(const Block& block, const std::string& shard, std::uint64_t offset) {
  if (is_header(block)) return;
  const auto stored = number_of(text_of(block, kChecksum));
  throw damaged(shard, offset, "bad checksum of a tar header", cat(checksum(block)),
                stored ? cat(*stored) : "no number");
}

// Records "LENGTH KEY=VALUE\n".
void apply_pax(std::string_view records, bool global, Extended& extended, const std::string& shard,
               std::uint64_t offset) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || length > records.size() || length < digits + 3 ||
        records[digits] != ' ' || records[length - 1] != '\n') {
      throw damaged(shard, offset, "damaged pax header", "records LENGTH KEY=VALUE");
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos)
      throw damaged(shard, offset, "damaged pax header", "KEY=VALUE");
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    const bool is_sparse = key.starts_with("GNU.sparse.");
    if (key != "path" && key != "size" && !is_sparse) continue;
    if (global) throw damaged(shard, offset, "global pax header sets a member's path or size");
    if (is_sparse) extended.is_sparse = true;
    // GNU tar's "path" of a sparse member is a made-up one.
    if (key == "GNU.sparse.name") extended.sparse_name = std::string(value);
    if (is_sparse) continue;
    if (key == "path") {
      extended.name = std::string(value);
    } else {
      std::uint64_t size = 0;
      const auto [stop, bad] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (bad != std::errc() || stop != value.data() + value.size()) {
        throw damaged(shard, offset, "damaged size in a pax header", "a number",
                      std::string(value));
      }
      extended.size = size;
    }
  }
}

std::string name_of(const Block& block) {
  const std::string name(until_nul(text_of(block, kName)));
  // Only POSIX ustar has the prefix field; GNU's old format keeps times there.
  if (text_of(block, kMagic).substr(0, 6) != std::string_view("ustar\0", 6)) return name;
  const std::string_view prefix = until_nul(text_of(block, kPrefix));
  return prefix.empty() ? name : cat(prefix, "/", name);
}

// Empty for a name that can be used.
std::string problem_of_name(std::string_view name) {
  if (name.empty() || name.find('\0') != std::string_view::npos) {
    return to_line({.what = "member without a usable name",
                    .expected = "a path",
                    .found = cat("'", name, "'")});
  }
  for (std::string_view rest = name;;) {
    const std::size_t slash = rest.find('/');
    if (rest.substr(0, slash) == "..") {
      return to_line({.what = "member name leaves the archive",
                      .expected = "a path without ..",
                      .found = std::string(name)});
    }
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

// The blocks of GNU's old sparse format that go on with the header's list of pieces. Returns how
// many bytes they have.
std::uint64_t skip_sparse_list(const std::function<void(std::span<std::byte>)>& read,
                               const Block& header, std::uint64_t offset, std::uint64_t file_bytes,
                               const std::string& shard) {
  constexpr std::size_t kGoesOn = 482;         // in the header
  constexpr std::size_t kGoesOnFurther = 504;  // in a block behind it
  Block block{};
  std::uint64_t bytes = 0;
  for (bool goes_on = header[kGoesOn] != std::byte{0}; goes_on;
       goes_on = block[kGoesOnFurther] != std::byte{0}) {
    const std::uint64_t left = file_bytes - offset - bytes;
    if (left < kBlock) {
      throw cut_off(shard, offset + bytes, "truncated tar: a sparse member's list is cut off",
                    cat(kBlock, " bytes"), cat(left, " bytes left"));
    }
    read(block);
    bytes += kBlock;
  }
  return bytes;
}

}  // namespace

std::uint32_t checksum(std::span<const std::byte> block) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool inside = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.length;
    sum += inside ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

bool is_header(std::span<const std::byte> block) {
  const auto stored = number_of(text_of(block, kChecksum));
  if (stored == checksum(block)) return true;
  // Some old writers summed signed bytes.
  std::int32_t signed_sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool inside = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.length;
    signed_sum += inside ? ' ' : static_cast<signed char>(block[i]);
  }
  return signed_sum >= 0 && stored == static_cast<std::uint64_t>(signed_sum);
}

DamagedTar damaged(const std::string& shard, std::uint64_t offset, const std::string& what,
                   const std::string& expected, const std::string& found) {
  return {{.what = what, .where = shard, .expected = expected, .found = found}, offset, false};
}

DamagedTar cut_off(const std::string& shard, std::uint64_t offset, const std::string& what,
                   const std::string& expected, const std::string& found) {
  return {{.what = what, .where = shard, .expected = expected, .found = found}, offset, true};
}

DamagedTar second_archive(const std::string& shard, std::uint64_t offset) {
  return damaged(shard, offset, "a second archive behind the tar's end mark",
                 "one archive, or their members in one", "a member");
}

void check_odd(const TarMember& member, OddMembers odd, const std::string& shard) {
  if (odd == OddMembers::kRefused && !member.problem.empty())
    throw damaged(shard, member.header_offset, member.problem);
}

std::optional<TarMember> read_headers(const std::function<void(std::span<std::byte>)>& read,
                                      std::uint64_t offset, std::uint64_t file_bytes,
                                      const std::string& shard) {
  TarMember member;
  member.header_offset = offset;
  Extended extended;
  Block block{};
  for (int headers = 0;; ++headers) {
    const std::uint64_t left = file_bytes - offset;
    if (left < kBlock) {
      const auto rest = std::span(block).first(static_cast<std::size_t>(left));
      read(rest);
      if (headers == 0 && is_zero(rest)) return std::nullopt;
      throw cut_off(shard, offset, "truncated tar: no end mark",
                    cat("a header or end mark of ", kBlock, " bytes"), cat(left, " bytes left"));
    }
    const std::uint64_t at = offset;
    read(block);
    offset += kBlock;
    if (is_zero(block)) {
      if (at != member.header_offset)
        throw damaged(shard, at, "extended tar header without its member");
      return std::nullopt;
    }
    check_sum(block, shard, at);
    const auto field_size = number_of(text_of(block, kSize));
    if (!field_size) {
      throw damaged(shard, at, "damaged size field of a tar header", "a number",
                    cat("'", text_of(block, kSize), "'"));
    }
    const char type = text_of(block, kType)[0];
    const bool is_extended =
        type == 'x' || type == 'X' || type == 'g' || type == 'L' || type == 'K';
    if (!is_extended) {
      member.name = extended.name ? *extended.name : name_of(block);
      if (extended.sparse_name) member.name = *extended.sparse_name;
      member.problem = problem_of_name(member.name);
      if (extended.is_sparse || type == 'S' || type == 'M') {
        member.problem =
            to_line({.what = "sparse or split member", .expected = "members stored whole"});
      }
      if (type == 'S') offset += skip_sparse_list(read, block, offset, file_bytes, shard);
      member.is_link = type == '1' || type == '2';
      const bool has_data = type < '1' || type > '6';
      member.is_file = (type == '0' || type == '\0' || type == '7') &&
                       !member.name.ends_with('/') && member.problem.empty();
      member.size = has_data ? extended.size.value_or(*field_size) : 0;
      member.data_offset = offset;
      if (member.size > file_bytes - offset) {
        throw cut_off(shard, at, "truncated tar: the member " + member.name + " is cut off",
                      cat(member.size, " bytes of content"),
                      cat(file_bytes - offset, " bytes left"));
      }
      return member;
    }
    if (headers == kMaxExtendedHeaders) {
      throw damaged(shard, at, "too many extended headers", cat("at most ", kMaxExtendedHeaders));
    }
    if (*field_size > kMaxExtendedHeader) {
      throw damaged(shard, at, "extended tar header too large",
                    cat("at most ", kMaxExtendedHeader, " bytes"), cat(*field_size, " bytes"));
    }
    const std::uint64_t stored = *field_size + padding_of(*field_size);
    if (stored > file_bytes - offset) {
      throw cut_off(shard, at, "truncated tar: an extended header is cut off",
                    cat(stored, " bytes"), cat(file_bytes - offset, " bytes left"));
    }
    std::vector<std::byte> content(stored);
    read(content);
    offset += stored;
    const std::string_view text(reinterpret_cast<const char*>(content.data()), *field_size);
    if (type == 'L') extended.name = std::string(until_nul(text));
    if (type == 'x' || type == 'X' || type == 'g')
      apply_pax(text, type == 'g', extended, shard, at);
  }
}

}  // namespace helip::data::tar
