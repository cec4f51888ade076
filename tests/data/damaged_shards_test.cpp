// Shards that are cut off or damaged: what is whole is kept, and the rest is named.
#include <algorithm>
#include <catch2/catch.hpp>
#include <tuple>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "data/corpus/index_corpus.h"
#include "shard_index_fixture.h"

namespace helip::data {
namespace {

using test::kTarEnd;
using test::tar_header;
using test::tar_member;

TEST_CASE_METHOD(ShardIndexTest,
                 "a shard without end mark loses nothing, unless the counts beside it say more") {
  std::string members;
  for (int i = 0; i < 20; ++i) {
    const std::string key = std::to_string(i);
    members += tar_member(key + ".jpg", "image") + tar_member(key + ".txt", "caption " + key);
  }
  const auto scan = [&] {
    test::write_file(file, members);
    return scan_shards({file}, "caption", {});
  };
  CorpusScan found = scan();
  CHECK(found.locations.size() == 20);
  CHECK(found.manifest.unpaired == 0);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].reason == kNoEndMark);
  CHECK(found.unpaired[0].samples == 0);
  test::write_file(folder.path() / "sizes.json", R"({"00000.tar": 20})");
  CHECK(scan().unpaired[0].samples == 0);
  test::write_file(folder.path() / "sizes.json", R"({"00000.tar": 23})");
  found = scan();
  CHECK(found.manifest.unpaired == 1);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].samples == 3);
  CHECK(found.unpaired[0].reason == cat(kCutAtMember, "; 3 samples lost"));
}

TEST_CASE_METHOD(ShardIndexTest,
                 "a member that cannot be used is named, and what follows it kept") {
  const auto pair = [](const std::string& key) {
    return tar_member(key + ".jpg", "image " + key) + tar_member(key + ".txt", "caption");
  };
  // GNU's old sparse format: the list of pieces goes on in two blocks behind the header.
  std::string old_sparse = tar_header("b.jpg", 600, 'S');
  old_sparse[482] = 1;
  test::fix_checksum(old_sparse);
  std::string list(512, '\0');
  list[504] = 1;
  old_sparse += list + std::string(512, '\0') + std::string(1024, 'x');
  const std::string pax_sparse =
      tar_member("pax", "22 GNU.sparse.major=1\n25 GNU.sparse.name=b.bin\n", 'x') +
      tar_member("GNUSparseFile.0/b.bin", "pieces");
  for (const auto& [odd, key, samples, problem] :
       std::vector<std::tuple<std::string, std::string, int, std::string>>{
           {tar_member("../evil.json", "{}"), "../evil", 1, "leaves the archive"},
           {tar_member("..", "x"), "..", 0, "leaves the archive"},
           {tar_member("", "x"), "", 0, "without a usable name"},
           {old_sparse + tar_member("b.txt", "two"), "b", 1, "sparse or split member"},
           {tar_member("b.txt", "pieces", 'M'), "b", 1, "sparse or split member"},
           {pax_sparse, "b", 1, "sparse or split member"},
           {pair("b") + pax_sparse, "b", 0, "sparse or split member"}}) {
    CAPTURE(key, problem);
    const auto found = index(pair("a") + odd + pair("c") + pair("d"));
    CHECK(!found.damaged_end);
    CHECK(found.samples.size() >= 3);
    CHECK(at(found.samples.back().image_offset, 7) == "image d");
    REQUIRE(found.unpaired.size() == 1);
    CHECK(found.unpaired[0].key == key);
    CHECK(found.unpaired[0].samples == static_cast<std::uint64_t>(samples));
    CHECK(found.unpaired[0].reason.starts_with(samples > 0 ? kOddMember : kOddBeside));
    CHECK(test::contains(found.unpaired[0].reason, problem));
  }
  // A list that the file's end cuts off.
  test::write_file(file, pair("a") + old_sparse.substr(0, 1024));
  CHECK(index_shard(file, "caption").damaged_end);
}

TEST_CASE_METHOD(ShardIndexTest, "a file that is no tar is named by what it is") {
  const std::string page = "<!DOCTYPE html><html>" + std::string(2000, ' ');
  test::write_file(file, page);
  const auto error = [&](const std::vector<std::filesystem::path>& shards) {
    return test::error_of<DataError>([&] { scan_shards(shards, "caption", {}); });
  };
  CHECK(error({file}) == cat(file.string(),
                             ": not a tar; expected a tar of images and captions; fetch 00000.tar "
                             "again: a page was stored in its place; found an HTML or XML page"));
  // Beside a sound shard it is one of what is left out.
  const std::filesystem::path sound = folder.path() / "00001.tar";
  test::write_file(sound, tar_member("a.jpg", "1") + tar_member("a.txt", "one") + kTarEnd);
  const CorpusScan found = scan_shards({file, sound}, "caption", {});
  CHECK(found.locations.size() == 1);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].reason.starts_with("not a tar; an HTML or XML page; "));
  CHECK(found.unpaired[0].samples == 1);
}

TEST_CASE_METHOD(ShardIndexTest,
                 "of a shard cut anywhere the whole samples are kept and the rest is named") {
  std::string content;
  std::vector<std::size_t> ends;  // where the n-th sample is whole
  for (int i = 0; i < 5; ++i) {
    content += tar_member(std::to_string(i) + ".jpg", "image") +
               tar_member(std::to_string(i) + ".txt", "caption");
    ends.push_back(content.size() - 512 + std::string("caption").size());
  }
  const std::string whole = content + kTarEnd;
  for (std::size_t length = 0; length < content.size() + 512; length += 37) {
    test::write_file(file, whole.substr(0, length));
    const ShardIndex found = index_shard(file, "caption");
    CAPTURE(length);
    const auto samples =
        std::count_if(ends.begin(), ends.end(), [&](std::size_t end) { return end <= length; });
    CHECK(found.samples.size() == static_cast<std::size_t>(samples));
    REQUIRE(!found.unpaired.empty());
    const QuarantineEntry& ending = found.unpaired.back();
    const std::size_t in_member = length % 1024;
    const std::size_t content_bytes = length / 1024 % 2 == 0 ? 5 : 7;
    const bool is_between = length > 0 && (in_member == 0 || in_member >= 512 + content_bytes ||
                                           length > content.size());
    if (is_between) {
      // At most the last image lacks its caption.
      CHECK(ending.reason == kNoEndMark);
      CHECK(found.unpaired.size() <= 2);
    } else {
      CHECK(found.unpaired.size() == 1);
      CHECK(ending.offset <= length);
      CHECK(test::contains(ending.reason, cat(length - ending.offset, " bytes are lost")));
    }
    CHECK(found.bytes == length);
    CHECK(found.sha256 == sha256_file(file));
  }
}

TEST_CASE_METHOD(ShardIndexTest,
                 "whatever byte is changed, the samples before it are kept and the damage named") {
  for (const std::string format : {"gnu", "pax"}) {
    const std::string whole = read_text_file(test::golden_folder("tar") + format + ".tar");
    test::write_file(file, whole);
    const ShardIndex sound = index_shard(file, "caption");
    int damaged_ends = 0;
    for (std::size_t i = 0; i < whole.size(); i += 61) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x11);
      test::write_file(file, damaged);
      const ShardIndex found = index_shard(file, "caption");
      CAPTURE(format, i);
      CHECK(found.sha256 == sha256_file(file));
      const bool is_cut =
          !found.unpaired.empty() &&
          test::contains(found.unpaired.back().reason, "the rest of the shard is damaged");
      damaged_ends += is_cut ? 1 : 0;
      for (std::size_t s = 0; s < sound.samples.size(); ++s) {
        const SampleLocation& sample = sound.samples[s];
        const std::uint64_t end = std::max(sample.image_offset + sample.image_bytes,
                                           sample.caption_offset + sample.caption_bytes);
        if (end > i) break;
        REQUIRE(found.samples.size() > s);
        CHECK(found.samples[s] == sample);
      }
    }
    CHECK(damaged_ends > 60);
  }
}

}  // namespace
}  // namespace helip::data
