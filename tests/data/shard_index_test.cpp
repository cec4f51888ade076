#include "data/corpus/shard_index.h"

#include <catch2/catch.hpp>
#include <tuple>

#include "common/digest.h"
#include "common/text.h"
#include "data/corpus/webdataset.h"
#include "data/text/clean_text.h"
#include "shard_index_fixture.h"

namespace helip::data {
namespace {

using test::tar_header;
using test::tar_member;

TEST_CASE("member names split at the first dot of the base name") {
  const auto split = [](const std::string& name) {
    const auto result = split_member_name(name);
    return result ? result->key + "|" + result->extension : "none";
  };
  CHECK(split("000.jpg") == "000|jpg");
  CHECK(split("dir.d/000.JPG") == "dir.d/000|jpg");
  CHECK(split("a.seg.PNG") == "a|seg.png");
  CHECK(split("./000.txt") == "./000|txt");
  CHECK(split("README") == "none");
  CHECK(split(".DS_Store") == "none");
  CHECK(split("a/._b.jpg") == "none");
  CHECK(split(".cache/a.jpg") == "none");
  CHECK(split("./a/.ipynb_checkpoints/b-checkpoint.jpg") == "none");
  CHECK(split("@eaDir/a.jpg") == "none");
  CHECK(split("a/Thumbs.db") == "none");
  CHECK(split("/data/a.jpg") == "/data/a|jpg");
  CHECK(split("__key__") == "none");
}

TEST_CASE_METHOD(ShardIndexTest, "pairs are found with the places of their bytes") {
  const auto found = index(tar_header("d/", 0, '5') + tar_member("d/a.jpg", "image a") +
                           tar_member("d/a.txt", "one cat") +
                           tar_member("d/b.json", R"({"caption":"two cats","n":1})") +
                           tar_member("d/b.WEBP", "image b"));
  REQUIRE(found.samples.size() == 2);
  const auto& [a, b] = std::tie(found.samples[0], found.samples[1]);
  CHECK(at(a.sample_offset, 7) == "d/a.jpg");
  CHECK(at(b.sample_offset, 8) == "d/b.json");
  CHECK(at(a.image_offset, a.image_bytes) == "image a");
  CHECK(at(a.caption_offset, a.caption_bytes) == "one cat");
  CHECK(!a.json_caption);
  CHECK(kImageExtensions[a.extension] == "jpg");
  CHECK(at(b.image_offset, b.image_bytes) == "image b");
  CHECK(b.json_caption);
  CHECK(kImageExtensions[b.extension] == "webp");
  CHECK(b.header_bytes == 512);
  CHECK(found.json_captions == 1);
  CHECK(found.unpaired.empty());
  CHECK(found.sha256 == sha256_file(file));
  CHECK(found.bytes == std::filesystem::file_size(file));
  CHECK(found.image_digests[0] == digest_from_hex(sha256_hex("image a")));
  CHECK(found.caption_digests[1] ==
        digest_from_hex(sha256_hex(std::string_view(caption_key("two cats")))));
}

TEST_CASE_METHOD(ShardIndexTest, "a repeated extension or a new key starts a new sample") {
  auto found =
      index(tar_member("a.jpg", "1") + tar_member("a.txt", "one") + tar_member("a.jpg", "2") +
            tar_member("a.txt", "two") + tar_member("b.jpg", "3") + tar_member("c.txt", "three") +
            tar_member("b.txt", "four"));
  CHECK(found.samples.size() == 2);
  CHECK(found.repeated_keys == 1);
  CHECK(found.groups == 4);
  std::erase_if(found.unpaired, [](const QuarantineEntry& entry) { return entry.samples == 0; });
  REQUIRE(found.unpaired.size() == 2);
  CHECK(found.unpaired[0].key == "b");
  CHECK(found.unpaired[0].reason == kApart);
  CHECK(at(found.unpaired[0].offset, 5) == "b.jpg");
  CHECK(found.unpaired[1].key == "c");
  CHECK(found.unpaired[1].reason == "a caption without an image");
}

TEST_CASE_METHOD(ShardIndexTest, "pairs whose keys hold dots are counted, each as one") {
  std::string dotted;
  for (int i = 20; i < 30; ++i) {
    const std::string name = "photo v1.00" + std::to_string(i);
    dotted += tar_member(name + ".JPG", "image") + tar_member(name + ".txt", "caption");
  }
  const std::string pair = tar_member("a.jpg", "1") + tar_member("a.txt", "one");
  auto found = index(pair + dotted);
  CHECK(found.samples.size() == 1);
  CHECK(found.groups == 11);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].key == "photo v1");
  CHECK(found.unpaired[0].samples == 10);
  CHECK(found.unpaired[0].reason == cat(kDottedKey, "; as in photo v1.0020.JPG"));

  // All images, then all captions; halves; a json with a caption; formats that are not read.
  found = index(pair + tar_member("v.1.jpg", "1") + tar_member("v.2.jpg", "2") +
                tar_member("w.1.jpg", "3") + tar_member("v.1.txt", "one") +
                tar_member("v.3.txt", "three") + tar_member("w.1.json", R"({"caption":"x"})") +
                tar_member("x.1.gif", "4") + tar_member("x.1.txt", "four"));
  std::uint64_t lost = 0;
  for (const QuarantineEntry& entry : found.unpaired) lost += entry.samples;
  CHECK(lost == 5);
  CHECK(found.samples.size() == 1);

  // What belongs to a sample beside its pair is no sample of its own.
  found = index(pair + tar_member("a.seg.png", "mask") +
                tar_member("a.seg.json", R"({"classes":[1,2]})") + tar_member("a.orig.txt", "raw"));
  CHECK(found.unpaired.empty());
  found = index(pair + tar_member("a.2.jpg", "2") + tar_member("a.2.txt", "two"));
  CHECK(found.samples.size() == 1);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].samples == 1);

  // Damage behind them does not hide them.
  test::write_file(file, pair + dotted + std::string(512, 'x'));
  found = index_shard(file, "caption");
  REQUIRE(found.unpaired.size() == 2);
  CHECK(found.unpaired[0].samples == 10);
  CHECK(found.damaged_end);
}

TEST_CASE_METHOD(ShardIndexTest, "hidden members are no samples, whatever they hold") {
  const auto found =
      index(tar_member("a.jpg", "1") + tar_member("._a.jpg", "fork") + tar_member("a.txt", "one") +
            tar_member("__MACOSX/b.jpg", "2") + tar_member(".ipynb_checkpoints/c.jpg", "3") +
            tar_member(".DS_Store", ""));
  CHECK(found.samples.size() == 1);
  CHECK(found.groups == 1);
  CHECK(found.unpaired.empty());
}

TEST_CASE_METHOD(ShardIndexTest,
                 "a txt goes before a json, jpg before png; other members do not matter") {
  const auto found =
      index(tar_member("a.png", "png") + tar_member("a.json", R"({"caption":"from json"})") +
            tar_member("a.jpg", "jpg") + tar_member("a.txt", "from txt") +
            tar_member("a.cls", "3") + tar_member("a.seg.png", "mask"));
  REQUIRE(found.samples.size() == 1);
  CHECK(at(found.samples[0].image_offset, 3) == "jpg");
  CHECK(at(found.samples[0].caption_offset, 8) == "from txt");
}

TEST_CASE_METHOD(ShardIndexTest, "a sample begins at its first member's extended header") {
  const std::string extended = tar_member("pax", "16 path=b.texts\n", 'x');
  const auto found = index(tar_member("a.jpg", "1") + tar_member("a.txt", "one") + extended +
                           tar_member("x", "not a member") + tar_member("b.jpg", "2") +
                           tar_member("b.txt", "two"));
  REQUIRE(found.samples.size() == 2);
  CHECK(at(found.samples[1].sample_offset, 3) == "pax");
  CHECK(at(found.samples[1].image_offset, 1) == "2");
}

TEST_CASE_METHOD(ShardIndexTest, "a sample of other members alone is counted and named once") {
  const auto found =
      index(tar_member("a.jpg", "1") + tar_member("a.txt", "one") + tar_member("b.gif", "2") +
            tar_member("b.cls", "3") + tar_member("c.jpg", "4") + tar_member("c.txt", "two"));
  CHECK(found.samples.size() == 2);
  CHECK(found.groups == 3);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].key == "b");
  CHECK(at(found.unpaired[0].offset, 5) == "b.gif");
}

TEST_CASE_METHOD(ShardIndexTest,
                 "captions that cannot be used still make a pair, in no duplicate group") {
  const auto found =
      index(tar_member("a.jpg", "1") + tar_member("a.txt", "\xFF\xFE") + tar_member("b.jpg", "2") +
            tar_member("b.txt", " \n") + tar_member("c.jpg", "3") + tar_member("c.json", "{}"));
  REQUIRE(found.samples.size() == 3);
  for (const Digest& digest : found.caption_digests) CHECK(digest == Digest{});
}

TEST_CASE_METHOD(ShardIndexTest, "a key that comes again is named and both samples are kept") {
  const auto found =
      index(tar_member("a.jpg", "1") + tar_member("a.txt", "one") + tar_member("b.jpg", "2") +
            tar_member("b.txt", "two") + tar_member("a.jpg", "3") + tar_member("a.txt", "three"));
  CHECK(found.samples.size() == 3);
  CHECK(found.repeated_keys == 1);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].key == "a");
  CHECK(found.unpaired[0].samples == 0);
  CHECK(at(found.unpaired[0].offset, 5) == "a.jpg");
}

TEST_CASE("duplicate groups are numbered by their first members") {
  const Digest a = digest_from_hex(sha256_hex("a"));
  const Digest b = digest_from_hex(sha256_hex("b"));
  const Digest c = digest_from_hex(sha256_hex("c"));
  const std::vector<Digest> digests = {c, a, Digest{}, c, b, Digest{}, a, c};
  CHECK(number_groups(digests) == std::vector<std::uint32_t>{0, 1, 2, 0, 3, 4, 1, 0});
  CHECK(number_groups({}).empty());
}

}  // namespace
}  // namespace helip::data
