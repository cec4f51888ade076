#include "data/corpus/shard_index.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "corpus_support.h"
#include "data/corpus/index_corpus.h"
#include "data/corpus/webdataset.h"
#include "data/import/shard_list.h"
#include "data/text/clean_text.h"
#include "data/tokens/tokenizer.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

using test::kTarEnd;
using test::tar_header;
using test::tar_member;

struct ShardIndexTest {
  test::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "00000.tar";
  [[nodiscard]] ShardIndex index(const std::string& members) const {
    test::write_file(file, members + kTarEnd);
    return index_shard(file, "caption");
  }
  [[nodiscard]] std::string at(std::uint64_t offset, std::uint64_t bytes) const {
    return read_text_file(file).substr(offset, bytes);
  }
};

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

TEST_CASE_METHOD(ShardIndexTest, "what a sample holds in place of its image or caption is named") {
  const auto found =
      index(tar_member("a.jpg", "1") + tar_member("a.caption", "one") + tar_member("a.cls", "3") +
            tar_member("b.heic", "2") + tar_member("b.txt", "two") + tar_member("c.GIF", "3") +
            tar_member("d.mp4", "4") + tar_member("d.txt", "four") + tar_member("e.jpg", "5") +
            tar_member("e.png", "6") + tar_member("e.txt", "five") + tar_member("f.jpg", "7") +
            tar_member("f.gif", "8") + tar_member("f.txt", "six"));
  CHECK(found.samples.size() == 2);
  REQUIRE(found.unpaired.size() == 5);
  CHECK(found.unpaired[0].reason == "an image without a caption; with .caption, .cls");
  CHECK(found.unpaired[1].reason == cat(kUnreadImage, "; .heic"));
  CHECK(found.unpaired[2].reason == cat(kUnreadImage, "; .gif"));
  CHECK(found.unpaired[3].reason == "a caption without an image; with .mp4");
  CHECK(found.unpaired[4].reason == cat(kSecondImage, "; in 2 samples"));
  CHECK(found.unpaired[4].key == "e");
  CHECK(found.unpaired[4].samples == 0);
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

TEST_CASE_METHOD(ShardIndexTest, "a shard whose captions all follow its images says so") {
  std::string images;
  std::string captions;
  for (int i = 0; i < 1500; ++i) {
    images += tar_member(std::to_string(i) + ".jpg", "image");
    captions += tar_member(std::to_string(i) + ".txt", "caption");
  }
  test::write_file(file, images + captions + kTarEnd);
  const std::string error = test::error_of<DataError>([&] { scan_shards({file}, "caption", {}); });
  CAPTURE(error);
  CHECK(test::contains(error, "no image with a usable caption in the first 1500 samples"));
  CHECK(test::contains(error, cat("1500 × ", kApart)));
  // Images alone are named as that.
  test::write_file(file, images + kTarEnd);
  CHECK(test::contains(test::error_of<DataError>([&] { scan_shards({file}, "caption", {}); }),
                       "1500 × an image without a caption"));
  // Beside sound samples they count once each.
  const auto found =
      index(tar_member("a.jpg", "1") + tar_member("a.txt", "one") + tar_member("b.jpg", "2") +
            tar_member("c.jpg", "3") + tar_member("c.txt", "three") + tar_member("b.txt", "two"));
  CHECK(found.samples.size() == 2);
  CHECK(found.repeated_keys == 0);
  CHECK(found.groups == 3);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].reason == kApart);
}

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
                 "a txt goes before a json, jpg before png; other members do not matter") {
  const auto found =
      index(tar_member("a.png", "png") + tar_member("a.json", R"({"caption":"from json"})") +
            tar_member("a.jpg", "jpg") + tar_member("a.txt", "from txt") +
            tar_member("a.cls", "3") + tar_member("a.seg.png", "mask"));
  REQUIRE(found.samples.size() == 1);
  CHECK(at(found.samples[0].image_offset, 3) == "jpg");
  CHECK(at(found.samples[0].caption_offset, 8) == "from txt");
}

TEST_CASE_METHOD(ShardIndexTest, "links are not followed; a sample that lacks one is named once") {
  const auto found = index(
      tar_member("a.jpg", "1") + tar_header("a.json", 0, '2') + tar_member("a.txt", "one") +
      tar_header("b.jpg", 0, '2') + tar_member("b.txt", "two") + tar_member("c.jpg", "3") +
      tar_header("c.txt", 0, '1') + tar_header("d.jpg", 0, '2') + tar_header("e.cls", 0, '2'));
  CHECK(found.samples.size() == 1);
  CHECK(found.groups == 5);
  REQUIRE(found.unpaired.size() == 4);
  CHECK(at(found.unpaired[0].offset, 5) == "b.jpg");
  CHECK(at(found.unpaired[1].offset, 5) == "c.jpg");
  CHECK(at(found.unpaired[2].offset, 5) == "d.jpg");
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(found.unpaired[i].key == std::string(1, "bcd"[i]));
    CHECK(found.unpaired[i].reason == "its image or caption is a link, and links are not followed");
  }
  CHECK(at(found.unpaired[3].offset, 5) == "e.cls");
  CHECK(found.unpaired[3].reason == "neither an image nor a caption; with .cls");
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

TEST_CASE_METHOD(ShardIndexTest, "images without an extension are named once") {
  const auto found = index(tar_member("dir/img1", test::png(1)) + tar_member("README", "about") +
                           tar_member("a.jpg", "1") + tar_member("a.txt", "one") +
                           tar_member(".cache", test::png(2)) + tar_member("img2", test::png(3)));
  CHECK(found.samples.size() == 1);
  REQUIRE(found.unpaired.size() == 1);
  CHECK(found.unpaired[0].key == "dir/img1");
  CHECK(found.unpaired[0].samples == 0);
  CHECK(found.unpaired[0].reason == cat(kUnnamedImage, "; of 2 members, this the first"));
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

TEST_CASE_METHOD(ShardIndexTest, "a tar without members is named") {
  for (const bool no_bytes : {false, true}) {
    if (no_bytes) test::write_file(file, "");
    const ShardIndex found = no_bytes ? index_shard(file, "caption") : index("");
    CHECK(found.samples.empty());
    REQUIRE(found.unpaired.size() == 1);
    CHECK(found.unpaired[0].offset == 0);
    CHECK(test::contains(found.unpaired[0].reason, "empty"));
  }
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

TEST_CASE("without a caption in the first 1,000 samples indexing ends and tells what is there") {
  const test::TemporaryFolder folder;
  std::string tar;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    tar += test::tar_member(key + ".jpg", "image") +
           test::tar_member(key + ".json", R"({"alt":"a dog","url":"x"})");
  }
  const auto index_with = [&](const std::string& last) {
    test::write_file(folder.path() / "s/0.tar", tar + last + test::kTarEnd);
    return test::error_of<DataError>(
        [&] { scan_shards(list_shards((folder.path() / "s").string()), "caption", {}); });
  };
  const std::string late =
      test::tar_member("z.jpg", "image") + test::tar_member("z.txt", "a caption");
  const std::string error = index_with("");
  CAPTURE(error);
  CHECK(test::contains(error, "no image with a usable caption in the first 1000 samples"));
  CHECK(test::contains(error, "the field caption (corpus.caption_key) of KEY.json"));
  CHECK(test::contains(
      error,
      "found 1000 × the json has no field caption; .jpg, .json, json field alt, json field url"));
  CHECK(index_with(late) == error);
  // The first 1,000 decide, and the rest is not read.
  CHECK(index_shard(folder.path() / "s/0.tar", "caption", 3).before_first == 3);
  tar.erase(0, tar.find("1.jpg"));
  CHECK(index_with(late).empty());
}

TEST_CASE("where no caption can be used the line says what is in its place") {
  const test::TemporaryFolder folder;
  const auto error_with = [&](const std::string& extension, const std::string& content) {
    std::string tar;
    for (int i = 0; i < 3; ++i) {
      const std::string key = std::to_string(i);
      tar += test::tar_member(key + ".jpg", "image") + test::tar_member(key + extension, content);
    }
    test::write_file(folder.path() / "s/0.tar", tar + test::kTarEnd);
    return test::error_of<DataError>(
        [&] { scan_shards(list_shards((folder.path() / "s").string()), "caption", {}); });
  };
  const auto ends_with = [](const std::string& end) { return Catch::EndsWith("found 3 × " + end); };
  for (const auto& [value, kind] :
       std::vector<std::pair<std::string, std::string>>{{"[\"a\", \"b\"]", "a list"},
                                                        {"12", "a number"},
                                                        {"NaN", "a number"},
                                                        {"true", "a boolean"},
                                                        {"null", "null"},
                                                        {"{}", "an object"}}) {
    CHECK_THAT(error_with(".json", R"({"url": "x", "caption": )" + value + "}"),
               ends_with("the json's field caption is " + kind +
                         "; .jpg, .json, json field caption (" + kind + "), json field url"));
  }
  CHECK_THAT(error_with(".json", R"({"captions": ["a"]})"),
             ends_with("the json has no field caption; .jpg, .json, json field captions (a list)"));
  CHECK_THAT(error_with(".json", R"({"caption": " "})"),
             ends_with("the caption is empty; .jpg, .json, json field caption"));
  CHECK_THAT(error_with(".json", "[1]"), ends_with("the caption's json is a list; .jpg, .json"));
  CHECK_THAT(error_with(".json", "{"), ends_with("the caption's json is not JSON; .jpg, .json"));
  CHECK_THAT(error_with(".txt", "caf\xE9"),
             ends_with("the caption is not valid UTF-8; .jpg, .txt"));
  CHECK(error_with(".json", R"({"caption": "a cat", "score": NaN})").empty());
}

}  // namespace
}  // namespace helip::data
