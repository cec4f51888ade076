#include "data/import/corpus_check.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/text.h"
#include "corpus_support.h"
#include "data/corpus/corpus.h"
#include "data/corpus/index_corpus.h"
#include "data/import/shard_list.h"
#include "store/npy.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

using test::contains;
using test::kTarEnd;
using test::tar_member;

struct CheckTest {
  test::TemporaryFolder folder;
  std::filesystem::path corpus = folder.path() / "corpus";

  CheckTest() {
    std::string members;
    for (int i = 0; i < 12; ++i) {
      const std::string key = std::to_string(100 + i);
      members += tar_member(key + ".png", i == 5 ? "broken" : test::png(i % 10)) +
                 tar_member(key + ".txt", i == 6       ? "\xFF"
                                          : i % 4 == 0 ? "Boilerplate"
                                                       : "caption " + key);
    }
    test::write_file(corpus / "0.tar", members + tar_member("x.png", test::png(3)) + kTarEnd);
    write_corpus_index(scan_shards(list_shards(corpus.string()), "caption", {}), corpus);
  }
};

TEST_CASE_METHOD(CheckTest,
                 "a whole corpus is summed up: problems, duplicates, repeated captions") {
  for (const unsigned threads : {1U, 3U}) {
    std::uint64_t last = 0;
    const CheckReport report =
        check_corpus(corpus, {.threads = threads}, [&](std::uint64_t done, std::uint64_t total) {
          CHECK(done == last + 1);
          CHECK(total == 12);
          last = done;
        });
    CHECK(last == 12);
    CHECK(report.damage.empty());
    CHECK(report.problems ==
          std::map<std::string, std::uint64_t>{{"an image without a caption", 1},
                                               {"the caption is not valid UTF-8", 1},
                                               {"the image cannot be decoded", 1}});
    REQUIRE(report.unusable.size() == 2);
    CHECK(report.unusable[0].sample == 5);
    CHECK(report.unusable[0].key == "105");
    CHECK(report.unusable[1].sample == 6);
    CHECK(report.image_duplicate_groups == 2);
    CHECK(report.image_duplicates == 4);
    CHECK(report.caption_duplicate_groups == 1);
    CHECK(report.caption_duplicates == 3);
    CHECK(report.repeated_captions ==
          std::vector<std::pair<std::string, std::uint64_t>>{{"Boilerplate", 3}});
  }
}

TEST_CASE("captions whose mojibake no repair mends are counted, with the first of them") {
  const test::TemporaryFolder folder;
  std::string members;
  for (int i = 0; i < 12; ++i) {
    const std::string key = std::to_string(100 + i);
    members += tar_member(key + ".png", test::png(i)) +
               tar_member(key + ".txt", i % 3 == 0   ? "\u00A4\u00A4 broken " + key
                                        : i % 3 == 1 ? "caf\u00C3\u00A9"
                                                     : "caf\u00E9");
  }
  for (int i = 0; i < 4; ++i) {
    const std::string key = std::to_string(200 + i);
    members +=
        tar_member(key + ".png", test::png(i)) +
        tar_member(key + ".json", i < 2 ? R"({"caption": "\u00A4\u00A4"})" : R"({"caption": []})");
  }
  test::write_file(folder.path() / "0.tar", members + kTarEnd);
  write_corpus_index(scan_shards(list_shards(folder.path().string()), "caption", {}),
                     folder.path());
  const CheckReport report = check_corpus(folder.path(), {});
  CHECK(report.mojibake == 6);
  REQUIRE(report.mojibake_examples.size() == 5);
  CHECK(report.mojibake_examples[1] ==
        std::pair<std::uint64_t, std::string>{3, "\u00A4\u00A4 broken 103"});
  CHECK(report.problems ==
        std::map<std::string, std::uint64_t>{{"the json's field caption is a list", 2}});
  CHECK(report.unusable.at(0).reason == "the json's field caption is a list; expected a string");
}

TEST_CASE_METHOD(CheckTest, "images with a defect are counted, and usable") {
  std::string members;
  for (int i = 0; i < 6; ++i) {
    const std::string image = test::png(i);
    members += tar_member(cat(i, ".png"), i % 2 == 0 ? image : image.substr(0, image.size() - 12)) +
               tar_member(cat(i, ".txt"), "a caption");
  }
  test::write_file(corpus / "0.tar", members + kTarEnd);
  write_corpus_index(scan_shards(list_shards(corpus.string()), "caption", {}), corpus);
  const CheckReport report = check_corpus(corpus, {});
  CHECK(report.unusable.empty());
  CHECK(report.problems.empty());
  CHECK(report.defects ==
        std::map<std::string, std::uint64_t>{{"a PNG ends before its end chunk", 3}});
}

TEST_CASE_METHOD(CheckTest, "images beyond the limits are unusable") {
  const CheckReport report = check_corpus(corpus, {.limits = {.max_pixels = 1}});
  CHECK(report.unusable.size() == report.manifest.pairs);
}

TEST_CASE_METHOD(CheckTest, "a changed byte anywhere in a shard is damage") {
  const std::string whole = read_text_file(corpus / "0.tar");
  for (const std::size_t at :
       {std::size_t{3}, std::size_t{600}, whole.size() / 2, whole.size() - 1}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    test::write_file(corpus / "0.tar", damaged);
    const auto report = check_corpus(corpus, {});
    REQUIRE(!report.damage.empty());
    CHECK(contains(report.damage[0], "0.tar"));
  }
}

TEST_CASE_METHOD(
    CheckTest,
    "an index or group that does not follow from the shards is damage though its digest fits") {
  const auto scan = scan_shards(list_shards(corpus.string()), "caption", {});
  auto changed = scan;
  std::swap(changed.locations[2], changed.locations[3]);
  write_corpus_index(changed, corpus);
  CHECK(check_corpus(corpus, {}).damage ==
        std::vector<std::string>{"index.npy: sample 2: the index does not follow from the shards"});
  changed = scan;
  changed.image_groups[7] = 0;
  changed.caption_groups[1] = 0;
  write_corpus_index(changed, corpus);
  CHECK(check_corpus(corpus, {}).damage ==
        std::vector<std::string>{
            "image_group.npy: sample 7: the index does not follow from the shards",
            "caption_group.npy: sample 1: the index does not follow from the shards"});
}

TEST_CASE_METHOD(CheckTest, "what cannot be opened is an error") {
  CHECK_THROWS_AS(check_corpus(folder.path(), {}), DataError);
  std::filesystem::remove(corpus / "0.tar");
  CHECK_THROWS_AS(check_corpus(corpus, {}), DataError);
}

}  // namespace
}  // namespace helip::data
