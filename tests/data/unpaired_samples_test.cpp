// Sound shards whose members make no pair: what is missing is named.
#include <catch2/catch.hpp>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/corpus/index_corpus.h"
#include "data/import/shard_list.h"
#include "shard_index_fixture.h"

namespace helip::data {
namespace {

using test::kTarEnd;
using test::tar_header;
using test::tar_member;

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
