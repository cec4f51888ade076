#include "data/corpus/quarantine.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "store/npy.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

const std::vector<QuarantineEntry> kEntries = {
    {.sample = 1, .shard = "00000.tar", .offset = 512, .key = "000000001", .reason = "cut off"},
    {.sample = 4,
     .shard = "00001.tar",
     .offset = 9999999999,
     .key = "bad\xFFkey",
     .reason = "line\nbreak"}};

TEST_CASE("a reason has a kind and may have a detail") {
  CHECK(split_reason("the caption is empty").kind == "the caption is empty");
  CHECK(split_reason("the caption is empty").detail.empty());
  CHECK(split_reason("a list; expected a string; or so").kind == "a list");
  CHECK(split_reason("a list; expected a string; or so").detail == "expected a string; or so");
}

TEST_CASE("the quarantine comes back as a mask and as lines") {
  const test::TemporaryFolder folder;
  write_quarantine(folder.path(), 6, kEntries);
  CHECK(read_quarantine(folder.path(), 6) == std::vector<std::uint8_t>{0, 1, 0, 0, 1, 0});
  std::ifstream lines(folder.path() / "quarantine.jsonl");
  std::vector<Json> read;
  for (std::string line; std::getline(lines, line);) read.push_back(Json::parse(line));
  REQUIRE(read.size() == 2);
  CHECK(read[0].at("sample") == 1);
  CHECK(read[0].at("reason") == "cut off");
  CHECK(read[1].at("offset") == 9999999999);
  CHECK(read[1].at("key") == "bad\\xffkey");
  write_quarantine(folder.path(), 3, {});
  CHECK(read_quarantine(folder.path(), 3) == std::vector<std::uint8_t>{0, 0, 0});
}

TEST_CASE("of entries that are joined the first of a sample stays, in the samples' order") {
  const auto entry = [](std::uint64_t sample, const char* reason) {
    return QuarantineEntry{.sample = sample, .shard = "s", .key = "k", .reason = reason};
  };
  std::vector<QuarantineEntry> entries = {entry(4, "first")};
  add_entries(entries, {entry(7, "second")});
  add_entries(entries, {entry(4, "later"), entry(1, "third")});
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].reason == "third");
  CHECK(entries[1].reason == "first");
  CHECK(entries[2].sample == 7);
}

TEST_CASE("a quarantine that does not fit the corpus is refused") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(read_quarantine(folder.path(), 6), StoreError);
  CHECK_THROWS_AS(write_quarantine(folder.path(), 4, kEntries), StoreError);
  CHECK_THROWS_AS(write_quarantine(folder.path(), 9, {kEntries[0], kEntries[0]}), StoreError);
  CHECK(!std::filesystem::exists(folder.path() / "quarantine.npy"));
  write_quarantine(folder.path(), 6, kEntries);
  CHECK_THROWS_AS(read_quarantine(folder.path(), 7), StoreError);
  std::string bytes = read_text_file(folder.path() / "quarantine.npy");
  bytes.back() = 2;
  publish_file(folder.path() / "quarantine.npy", bytes);
  CHECK_THROWS_WITH(read_quarantine(folder.path(), 6), Catch::Contains("sample 5"));
  bytes.pop_back();
  publish_file(folder.path() / "quarantine.npy", bytes);
  CHECK_THROWS_AS(read_quarantine(folder.path(), 6), StoreError);
}

TEST_CASE("entries survive JSON text") {
  const auto back = quarantine_from_json(quarantine_to_json(kEntries));
  REQUIRE(back.size() == 2);
  CHECK(back[0].key == kEntries[0].key);
  CHECK(back[1].sample == 4);
  CHECK(back[1].offset == 9999999999);
  CHECK(back[1].reason == "line\\x0abreak");
  CHECK(quarantine_from_json("[]").empty());
  CHECK_THROWS_AS(quarantine_from_json("[{\"sample\":1}]"), StoreError);
  CHECK_THROWS_AS(quarantine_from_json("[{\"sample\""), StoreError);
}

}  // namespace
}  // namespace helip::data
