#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>
#include <sstream>
#include <thread>

#include "common/digest.h"
#include "common/error.h"
#include "common/heap.h"
#include "common/publish.h"
#include "common/rng.h"
#include "common/text.h"
#include "common/threads/bounded_queue.h"
#include "support/temporary_folder.h"

namespace fs = std::filesystem;
using namespace helip;

TEST_CASE("an error's line says where, what, expected and found, and leaves out empty parts") {
  CHECK(to_line(
            {.what = "wrong type", .where = "a.yaml:3", .expected = "a number", .found = "text"}) ==
        "a.yaml:3: wrong type; expected a number; found text");
  CHECK(to_line({.what = "no"}) == "no");
  CHECK(std::string(ConfigError({.what = "bad\nline\x1b[31m"}).what()) == "bad\\x0aline\\x1b[31m");
}

TEST_CASE("an error's line has at most 400 bytes, whatever is in it, and keeps its short parts") {
  const std::string binary(25'000'000, '\0');
  const std::string where = "/data/" + std::string(5000, 'd') + "/00000.tar";
  const std::string line =
      to_line({.what = "wrong", .where = where, .expected = "3 columns", .found = binary});
  CHECK(line.size() <= 400);
  CHECK(line.size() > 350);
  CHECK(line.find("/00000.tar: wrong; expected 3 columns; found \\x00") != std::string::npos);
  CHECK(line.find("…") != std::string::npos);
  // An error that tells of another one.
  CHECK(to_line({.what = where, .where = line, .expected = line, .found = line}).size() <= 400);
}

TEST_CASE("shortened text keeps both ends and cuts neither a character nor an escape in two") {
  CHECK(shortened("0123456789abcdef", 16) == "0123456789abcdef");
  CHECK(shortened("0123456789abcdefg", 16) == "012345678…defg");
  CHECK(shortened("ééééééééééé", 16) == "éééé…éé");
  CHECK(shortened(std::string(20, '\n'), 20) == "\\x0a\\x0a\\x0a…\\x0a");
  CHECK(shortened("", 16).empty());
}

TEST_CASE("printable escapes what is not seen or turns the direction of writing") {
  CHECK(printable("\u202Egnp.\u2069") == "\\xe2\\x80\\xaegnp.\\xe2\\x81\\xa9");
  CHECK(printable("a\u2028b\uFEFF") == "a\\xe2\\x80\\xa8b\\xef\\xbb\\xbf");
  CHECK(printable("👨\u200D👩") == "👨\u200D👩");  // a joiner is part of an emoji
}

TEST_CASE("printable keeps valid UTF-8 and escapes controls and broken bytes") {
  CHECK(printable("caf\xc3\xa9 \xe2\x98\x95 \xf0\x9f\x98\x80") ==
        "caf\xc3\xa9 \xe2\x98\x95 \xf0\x9f\x98\x80");
  CHECK(printable("a\tb") == "a\\x09b");
  CHECK(printable("\xff\xc3") == "\\xff\\xc3");
  CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");           // a C1 control
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK_FALSE(is_valid_utf8("\xc0\xaf"));                 // overlong
  CHECK(is_valid_utf8(""));
}

TEST_CASE("sizes and times read as people write them") {
  CHECK(human_bytes(512) == "512 B");
  CHECK(human_bytes(1536) == "1.5 KiB");
  CHECK(human_seconds(42) == "42 s");
  CHECK(human_seconds(185) == "3 min 05 s");
  CHECK(human_seconds(7800) == "2 h 10 min");
}

TEST_CASE("Philox equals its reference on the golden vectors") {
  std::ifstream golden(HELIP_SOURCE_DIR "/tests/golden/philox/philox.txt");
  std::array<std::uint32_t, 10> v{};
  int lines = 0;
  for (std::string line; std::getline(golden, line); ++lines) {
    std::istringstream row(line);
    for (std::uint32_t& value : v) row >> std::hex >> value;
    REQUIRE(row);
    CHECK(philox4x32({v[0], v[1], v[2], v[3]}, {v[4], v[5]}) == std::array{v[6], v[7], v[8], v[9]});
  }
  CHECK(lines == 23);
}

TEST_CASE("streams with different seeds, purposes or coordinates differ, equal keys agree") {
  const auto first = [](std::uint64_t seed, std::string_view purpose, std::uint64_t a,
                        std::uint64_t b) {
    return RandomStream(seed, purpose, {a, b}).next_u64();
  };
  CHECK(first(1, "order", 2, 3) == first(1, "order", 2, 3));
  const std::set<std::uint64_t> draws = {first(1, "order", 2, 3), first(2, "order", 2, 3),
                                         first(1, "draws", 2, 3), first(1, "order", 3, 2),
                                         first(1, "order", 2, 4)};
  CHECK(draws.size() == 5);
}

TEST_CASE("below is uniform and in range, normal has mean 0 and variance 1") {
  RandomStream stream(7, "test", {});
  std::array<int, 6> counts{};
  for (int i = 0; i < 60000; ++i) ++counts.at(stream.below(6));
  for (const int count : counts) CHECK(std::abs(count - 10000) < 500);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 40000; ++i) {
    const double value = stream.normal();
    sum += value;
    squares += value * value;
  }
  CHECK(std::abs(sum / 40000) < 0.03);
  CHECK(std::abs(squares / 40000 - 1) < 0.03);
}

TEST_CASE("a permutation holds each value once; a sample without replacement is its front") {
  RandomStream a(3, "p", {});
  std::vector<std::uint32_t> values = random_permutation(a, 1000);
  CHECK_FALSE(std::is_sorted(values.begin(), values.end()));
  std::sort(values.begin(), values.end());
  std::vector<std::uint32_t> all(1000);
  std::iota(all.begin(), all.end(), 0U);
  CHECK(values == all);

  RandomStream b(3, "s", {});
  const std::vector<std::uint32_t> drawn = sample_without_replacement(b, 50, 50);
  CHECK(std::set<std::uint32_t>(drawn.begin(), drawn.end()).size() == 50);
  RandomStream c(3, "s", {});
  const std::vector<std::uint32_t> fewer = sample_without_replacement(c, 50, 10);
  CHECK(std::equal(fewer.begin(), fewer.end(), drawn.begin()));
}

TEST_CASE("SHA-256 equals the published vectors") {  // FIPS 180-4 examples
  CHECK(sha256_hex(std::string_view("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex(std::string_view("")) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a file that is not published leaves nothing behind") {
  const test::TemporaryFolder folder;
  {
    FilePublisher publisher(folder.path() / "a" / "x.bin");
    publisher.write("half");
  }
  CHECK(fs::is_empty(folder.path() / "a"));
  publish_file(folder.path() / "a" / "x.bin", "whole");
  CHECK(read_text_file(folder.path() / "a" / "x.bin") == "whole");
  publish_file(folder.path() / "a" / "x.bin", "new");
  CHECK(read_text_file(folder.path() / "a" / "x.bin") == "new");
  CHECK(std::distance(fs::directory_iterator(folder.path() / "a"), {}) == 1);
}

TEST_CASE("what is published replaces no device, pipe or link") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "file", pipe = folder.path() / "pipe";
  const fs::path device = folder.path() / "device";
  publish_file(file, "old");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto link = [&](const std::string& name, const fs::path& target) {
    fs::create_symlink(target, folder.path() / name);
    return folder.path() / name;
  };
  const fs::path to_file = link("to_file", "file");
  publish_file(to_file, "new");
  CHECK(fs::is_symlink(to_file));
  CHECK(read_text_file(file) == "new");
  const fs::path dangling = link("dangling", "gone");
  CHECK_THROWS_WITH(publish_file(dangling, "x"),
                    dangling.string() +
                        ": no file can be written here; expected a file or "
                        "nothing; found a link that leads nowhere");
  CHECK(fs::is_symlink(dangling));
  CHECK_THROWS_AS(publish_file(pipe, "x"), StoreError);
  CHECK_THROWS_AS(publish_file(link("to_pipe", pipe), "x"), StoreError);
  CHECK(fs::is_fifo(pipe));
  // Only some users may make a device: the null device, beside the others.
  if (::mknod(device.c_str(), S_IFCHR | 0600, ::makedev(1, 3)) == 0) {
    CHECK_THROWS_WITH(publish_file(device, "x"), Catch::Contains("found a device"));
    CHECK(fs::is_character_file(device));
  }
  // What comes while the file is written is not replaced either.
  FilePublisher late(folder.path() / "late");
  late.write("x");
  REQUIRE(::mkfifo((folder.path() / "late").c_str(), 0600) == 0);
  CHECK_THROWS_AS(late.publish(), StoreError);
  CHECK(fs::is_fifo(folder.path() / "late"));
}

TEST_CASE("a published folder is never replaced") {
  const test::TemporaryFolder folder;
  fs::create_directory(folder.path() / "tmp");
  publish_file(folder.path() / "tmp" / "f", "1");
  publish_folder(folder.path() / "tmp", folder.path() / "final");
  CHECK(read_text_file(folder.path() / "final" / "f") == "1");
  fs::create_directory(folder.path() / "tmp");
  CHECK_THROWS_AS(publish_folder(folder.path() / "tmp", folder.path() / "final"), StoreError);
}

TEST_CASE("an unreadable file is named with the system's reason") {
  CHECK_THROWS_WITH(read_text_file("/nonexistent/file"),
                    "/nonexistent/file: cannot open the file; found No such file or directory");
  CHECK_THROWS_AS(read_text_file(fs::temp_directory_path()), StoreError);
}

TEST_CASE("a named pipe is refused where a file is expected, not waited for") {
  const test::TemporaryFolder folder;
  const fs::path pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_text_file(pipe), pipe.string() + ": not a regular file");
}

TEST_CASE("a bounded queue hands over everything in order and ends when closed") {
  BoundedQueue<int> queue(4);
  std::thread producer([&] {
    for (int i = 0; i < 1000; ++i) queue.push(i);
    queue.close();
  });
  int expected = 0;
  while (const auto value = queue.pop()) CHECK(*value == expected++);
  producer.join();
  CHECK(expected == 1000);
  CHECK_FALSE(queue.push(1));
}

// Sanitizers have an allocator of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("large blocks that were freed are used again without new pages") {
  keep_freed_memory();
  constexpr std::size_t kBytes = 128 << 20;
  const auto faults_of_a_block = [&] {
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_SELF, &before);
    CHECK(std::vector<char>(kBytes, 1).back() == 1);
    getrusage(RUSAGE_SELF, &after);
    return after.ru_minflt - before.ru_minflt;
  };
  const long first = faults_of_a_block();
  CHECK(first >= static_cast<long>(kBytes >> 21));  // pages may be of 2 MiB
  CHECK(faults_of_a_block() <= first / 10 + 4);
}
#endif
