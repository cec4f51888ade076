#include "data/corpus/tar_reader.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "common/error.h"
#include "common/json.h"
#include "corpus_support.h"
#include "data/corpus/tar_headers.h"
#include "data/corpus/tar_writer.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

using test::contains;
using test::kTarEnd;
using test::tar_header;
using test::tar_member;

// Reads the whole tar; returns the error's text, empty if there is none.
std::string read_error(const std::filesystem::path& file) {
  return test::error_of<DataError>([&] { test::member_names(file); });
}

struct TarTest {
  test::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "shard.tar";
  std::string error_of_content(const std::string& content) const {
    test::write_file(file, content);
    return read_error(file);
  }
};

TEST_CASE("tars written by Python in three formats are read as Python reads them") {
  const auto expected = Json::parse(read_text_file(test::golden_folder("tar") + "expected.json"));
  for (const std::string format : {"ustar", "gnu", "pax"}) {
    CAPTURE(format);
    const std::filesystem::path path = test::golden_folder("tar") + format + ".tar";
    const std::string whole = read_text_file(path);
    TarReader reader(path);
    std::size_t count = 0;
    while (const auto member = reader.next()) {
      const auto& wanted = expected.at(format).at(count++);
      CAPTURE(member->name);
      CHECK(member->name == wanted.at("name").get<std::string>());
      CHECK(member->is_file == wanted.at("is_file").get<bool>());
      CHECK(member->data_offset == wanted.at("data_offset").get<std::uint64_t>());
      CHECK(member->size == wanted.at("size").get<std::uint64_t>());
      const auto content = reader.read_all();
      CHECK(sha256_hex(std::span<const std::byte>(content)) ==
            wanted.at("sha256").get<std::string>());
      CHECK(whole.substr(member->data_offset, member->size) == test::text_of(content));
      const std::string headers =
          whole.substr(member->header_offset, member->data_offset - member->header_offset);
      CHECK(member_name(test::bytes_of(headers), "shard", member->header_offset) == member->name);
    }
    CHECK(count == expected.at(format).size());
    CHECK(reader.sha256() == sha256_hex(whole));
    CHECK(reader.file_bytes() == whole.size());
  }
}

TEST_CASE_METHOD(TarTest, "tars written by the system's tar are read in each of its formats") {
  const std::string long_name = std::string(60, 'd') + "/" + std::string(70, 'n') + ".txt";
  test::write_file(folder.path() / "in/a.txt", "alpha");
  for (const std::string format : {"v7", "oldgnu", "gnu", "ustar", "posix"}) {
    CAPTURE(format);
    const bool has_long = format != "v7";
    if (has_long) test::write_file(folder.path() / "in" / long_name, "long");
    const std::string command = "cd " + folder.path().string() +
                                "/in && tar --sort=name --format=" + format + " -cf ../" + format +
                                ".tar a.txt " + (has_long ? long_name : "");
    REQUIRE(std::system(command.c_str()) == 0);
    TarReader reader(folder.path() / (format + ".tar"));
    auto member = reader.next();
    REQUIRE(member);
    CHECK(member->name == "a.txt");
    CHECK(test::text_of(reader.read_all()) == "alpha");
    if (has_long) {
      member = reader.next();
      REQUIRE(member);
      CHECK(member->name == long_name);
      CHECK(test::text_of(reader.read_all()) == "long");
    }
    CHECK(!reader.next());
  }
}

TEST_CASE_METHOD(TarTest,
                 "a tar cut off in a member is an error that names shard and byte; one that lacks "
                 "only its end is whole") {
  const auto expected = Json::parse(read_text_file(test::golden_folder("tar") + "expected.json"));
  for (const std::string golden : {"ustar", "gnu", "pax"}) {
    const std::string whole = read_text_file(test::golden_folder("tar") + golden + ".tar");
    const std::size_t content_end = (whole.find_last_not_of('\0') / 512 + 1) * 512;
    const auto lacks_only_its_end = [&](std::size_t length) {
      if (length >= content_end) return true;
      for (const auto& member : expected.at(golden)) {
        const auto end =
            member.at("data_offset").get<std::size_t>() + member.at("size").get<std::size_t>();
        if (end <= length && length <= (end + 511) / 512 * 512) return true;
      }
      return false;
    };
    int whole_ones = 0;
    for (std::size_t length = 0; length < content_end + 600; length += length % 3 == 0 ? 61 : 32) {
      CAPTURE(golden, length);
      const std::string error = error_of_content(whole.substr(0, length));
      if (lacks_only_its_end(length)) {
        ++whole_ones;
        CHECK(error.empty());
      } else {
        CHECK(contains(error, file.string() + ": byte "));
        CHECK(contains(error, length == 0 ? "empty tar" : "truncated tar"));
      }
    }
    CHECK(whole_ones > 3);
  }
}

TEST_CASE_METHOD(TarTest, "a tar without end mark, or with half of one, has all its members") {
  const std::string members = tar_member("a.jpg", "image") + tar_member("a.txt", "caption");
  const std::string zeros(512, '\0');
  struct Ending {
    std::string content;
    bool has_mark;
    std::uint64_t junk;
  };
  for (const Ending& ending : std::vector<Ending>{
           {members, false, 0},
           {members.substr(0, members.size() - 505), false, 0},  // no padding
           {members.substr(0, members.size() - 200), false, 0},
           {members + zeros.substr(0, 100), false, 0},
           {members + zeros, true, 0},
           {members + zeros + zeros, true, 0},
           {members + std::string(10240, '\0'), true, 0},
           {members + zeros + zeros + "junk\n", true, 5},
           {members + zeros + "junk" + zeros, true, 4 + 512},
       }) {
    CAPTURE(ending.content.size());
    test::write_file(file, ending.content);
    TarReader reader(file);
    int count = 0;
    while (reader.next()) ++count;
    CHECK(count == 2);
    CHECK(reader.has_end_mark() == ending.has_mark);
    CHECK(reader.junk_bytes() == ending.junk);
    CHECK(reader.sha256() == sha256_file(file));
  }
  // Where a header should be, other bytes are damage: one may have been there.
  CHECK(contains(error_of_content(members + "junk\n"), "truncated tar"));
  CHECK(contains(error_of_content(members + std::string(512, 'j')), "bad checksum"));
}

TEST_CASE_METHOD(TarTest, "a flipped bit anywhere in a header is found by its checksum") {
  const std::string first = tar_member("a.txt", "one");
  const std::string content = first + tar_member("b.txt", "two") + kTarEnd;
  for (std::size_t i = 0; i < 512; ++i) {
    std::string damaged = content;
    damaged[first.size() + i] = static_cast<char>(damaged[first.size() + i] ^ 0x01);
    CAPTURE(i);
    const std::string error = error_of_content(damaged);
    CHECK(contains(error, "shard.tar: byte 1024: bad checksum"));
    CHECK(contains(error, "expected"));
    CHECK(contains(error, "found"));
  }
}

TEST_CASE_METHOD(TarTest, "absurd sizes are refused, base-256 sizes read") {
  const auto with_size = [&](const std::string& field) {
    return error_of_content(tar_header("a.txt", 0, '0', field) + kTarEnd);
  };
  CHECK(contains(with_size("77777777777 "), "truncated tar: the member a.txt is cut off"));
  CHECK(contains(with_size("77777777777 "), "expected 8589934591 bytes of content"));
  CHECK(contains(with_size(std::string("\x80\x00\x00\x00\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12)),
                 "cut off"));
  CHECK(
      contains(with_size(std::string(1, '\x80') + std::string(11, '\xFF')), "damaged size field"));
  CHECK(contains(with_size(std::string(12, '\xFF')), "damaged size field"));
  CHECK(contains(with_size("00000000x00 "), "damaged size field"));
  CHECK(contains(with_size("-0000000010 "), "damaged size field"));

  test::write_file(file,
                   tar_header("a.txt", 0, '0', std::string("\x80\0\0\0\0\0\0\0\0\0\x02\x01", 12)) +
                       std::string(0x201, 'x') + std::string(1024 - 0x201, '\0') + kTarEnd);
  TarReader reader(file);
  REQUIRE(reader.next()->size == 0x201);
  CHECK(test::text_of(reader.read_all()) == std::string(0x201, 'x'));
  CHECK(!reader.next());
}

TEST_CASE_METHOD(TarTest, "names that leave the archive are refused") {
  for (const std::string name : {"../a.txt", "a/../b.txt", "..", "a/.."}) {
    CAPTURE(name);
    CHECK(contains(error_of_content(tar_member(name, "x") + kTarEnd),
                   "member name leaves the archive"));
  }
  CHECK(error_of_content(tar_member("a..b/..c.txt", "x") + kTarEnd).empty());
  CHECK(contains(error_of_content(tar_header("", 0) + kTarEnd), "without a usable name"));
}

TEST_CASE_METHOD(TarTest, "links, folders and devices have no content") {
  std::string symlink = tar_header("link.png", 0, '2');
  symlink.replace(157, 11, "/etc/passwd");
  test::fix_checksum(symlink);
  test::write_file(file, symlink + tar_header("folder/", 0, '5') +
                             tar_header("hard.png", 4096, '1') + tar_header("null", 0, '3') +
                             tar_member("a.txt", "x") + kTarEnd);
  TarReader reader(file);
  std::vector<bool> files;
  std::vector<bool> links;
  while (const auto member = reader.next()) {
    files.push_back(member->is_file);
    links.push_back(member->is_link);
    if (!member->is_file) CHECK(reader.read_all().empty());
  }
  CHECK(files == std::vector<bool>{false, false, false, false, true});
  CHECK(links == std::vector<bool>{true, false, true, false, false});
}

TEST_CASE_METHOD(TarTest, "extended headers are checked") {
  const std::string end = tar_member("a.txt", "x") + kTarEnd;
  CHECK(error_of_content(tar_member("pax", "16 path=new.txt\n", 'x') + end).empty());
  CHECK(test::member_names(file) == std::vector<std::string>{"new.txt"});
  CHECK(error_of_content(tar_member("pax", "19 comment=anything", 'g').substr(0, 512) +
                         tar_member("", "").substr(512) + end) != "");
  CHECK(error_of_content(tar_member("pax", "20 comment=anything\n", 'g') + end).empty());
  CHECK(test::member_names(file) == std::vector<std::string>{"a.txt"});
  CHECK(contains(error_of_content(tar_member("pax", "16 path=new.txt\n", 'g') + end),
                 "global pax header"));
  for (const std::string bad :
       {"99 path=new.txt\n", "16 path=new.txt ", "x", "5 ab\n", "3 \n", "16path=new.txt1\n"}) {
    CAPTURE(bad);
    CHECK(contains(error_of_content(tar_member("pax", bad, 'x') + end), "damaged pax header"));
  }
  CHECK(contains(error_of_content(tar_member("pax", "12 size=abc\n", 'x') + end),
                 "damaged size in a pax header"));
  CHECK(
      contains(error_of_content(tar_member("pax", "20 size=99999999999\n", 'x') + end), "cut off"));
  CHECK(contains(error_of_content(tar_member("pax", "22 GNU.sparse.major=1\n", 'x') + end),
                 "sparse or split member"));
  CHECK(contains(error_of_content(tar_header("a", 0, 'S') + kTarEnd), "sparse or split member"));
  CHECK(contains(error_of_content(tar_member("long", "name.txt", 'L') + kTarEnd),
                 "without its member"));
  CHECK(contains(error_of_content(tar_header("long", 9 << 20, 'L') + end),
                 "extended tar header too large"));
  CHECK(contains(error_of_content(tar_header("long", 1 << 19, 'L') + end),
                 "an extended header is cut off"));
}

TEST_CASE_METHOD(TarTest,
                 "data behind the end mark, compressed files and missing files are errors") {
  const std::string member = tar_member("a.txt", "x");
  CHECK(contains(error_of_content(member + kTarEnd + member + kTarEnd),
                 "byte 2048: a second archive behind the tar's end mark"));
  CHECK(contains(error_of_content("\x1F\x8B\x08 and so on"), "compressed tar"));
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, std::string>> packed = {
      {"\x1F\x8B\x08 and so on"s, "gzip -dc shard.tar > NEW"},
      {"BZh91AY"s, "bzip2 -dc shard.tar > NEW"},
      {"\xFD"
       "7zXZ\0and"s,
       "xz -dc shard.tar > NEW"},
      {"\x28\xB5\x2F\xFD and"s, "zstd -dc shard.tar > NEW"},
      {"\x04\x22\x4D\x18 and"s, "lz4 -dc shard.tar > NEW"},
  };
  for (const auto& [content, command] : packed) {
    const std::string error = error_of_content(content + std::string(600, 'x'));
    CAPTURE(error);
    CHECK(contains(error, "compressed tar"));
    CHECK(contains(error, command));
  }
  const std::vector<std::pair<std::string, std::string>> others = {
      {"PK\x03\x04 and"s, "a zip archive"},
      {"PAR1 and"s, "a Parquet file"},
      {"<!DOCTYPE html><html>"s, "an HTML or XML page"},
      {"version https://git-lfs.github.com/spec/v1\noid"s, "a pointer of Git LFS"},
      {"\xFF\xD8\xFF\xE0 and"s, "a JPEG image"},
      {"{\"error\": \"no such key\"}"s, "JSON"},
  };
  for (const auto& [content, name] : others) {
    const std::string error = error_of_content(content + std::string(600, 'x'));
    CAPTURE(error);
    CHECK(contains(error, "not a tar; expected tar members; found " + name));
  }
  // A member may be named like that.
  CHECK(error_of_content(tar_member("BZh.txt", "x") + kTarEnd).empty());
  CHECK(contains(error_of_content(std::string(2000, 'z')), "bad checksum"));
  CHECK(
      contains(read_error(folder.path() / "none.tar"),
               "cannot read the tar shard; expected a file that can be read; found No such file"));
  CHECK(contains(read_error(folder.path()), "expected a regular file; found a folder"));
}

TEST_CASE_METHOD(TarTest, "a tar's headers alone are read of tars alone") {
  const auto headers_error = [&](const std::string& content) {
    test::write_file(file, content);
    return test::error_of<DataError>([&] {
      TarHeaders headers(file);
      while (headers.next()) continue;
    });
  };
  CHECK(headers_error(tar_member("a.txt", "x") + kTarEnd).empty());
  // The last member's padding and the end mark are missing.
  CHECK(headers_error(tar_header("a.txt", 1) + "x").empty());
  CHECK(contains(headers_error("\x1F\x8B\x08" + std::string(600, 'x')), "compressed tar"));
  CHECK(contains(headers_error(std::string(600, '\xDF')), "; found no number"));
  CHECK(contains(test::error_of<DataError>([&] { TarHeaders headers(folder.path()); }),
                 "expected a regular file"));
}

TEST_CASE_METHOD(
    TarTest, "what TarWriter writes is what the system's tar unpacks, with no owner and no time") {
  const std::string binary("\0\1\2 bytes \xFF", 11);
  for (const char* name : {"shard.tar", "again.tar"}) {
    TarWriter writer(folder.path() / name);
    writer.add("000000000.png", test::bytes_of(binary));
    writer.add("000000000.txt", test::bytes_of(std::string(512, 't')));
    writer.add("empty.txt", {});
    writer.publish();
  }
  CHECK(read_text_file(file) == read_text_file(folder.path() / "again.tar"));
  const std::string command =
      "cd " + folder.path().string() +
      " && tar -xf shard.tar && TZ=UTC tar --numeric-owner -tvf shard.tar > list.txt";
  REQUIRE(std::system(command.c_str()) == 0);
  CHECK(read_text_file(folder.path() / "000000000.png") == binary);
  CHECK(read_text_file(folder.path() / "000000000.txt") == std::string(512, 't'));
  CHECK(read_text_file(folder.path() / "empty.txt").empty());
  const std::string list = read_text_file(folder.path() / "list.txt");
  CHECK(contains(list, "-rw-r--r-- 0/0"));
  CHECK(contains(list, "11 1970-01-01 00:00 000000000.png"));
  CHECK(test::member_names(file) ==
        std::vector<std::string>{"000000000.png", "000000000.txt", "empty.txt"});
  TarWriter unfinished(folder.path() / "unfinished.tar");
  CHECK_THROWS_AS(unfinished.add(std::string(101, 'n'), {}), DataError);
  CHECK(!std::filesystem::exists(folder.path() / "unfinished.tar"));
}

}  // namespace
}  // namespace helip::data
