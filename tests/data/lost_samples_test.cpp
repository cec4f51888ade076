// Samples that are lost before a job sees them: with the rest of a damaged shard, or in an import.
#include "data/corpus/lost_samples.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "corpus_support.h"
#include "data/corpus/corpus.h"
#include "data/corpus/reason_count.h"
#include "data/import/corpus_import.h"
#include "data/import/open_or_index.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

TEST_CASE("a shard cut at 5 % counts with the samples it lost, in a job and in an import") {
  const test::TemporaryFolder folder;
  const auto shards = folder.path() / "shards";
  constexpr std::size_t kSamples = 40;
  const auto shard = [](int number) {
    std::string tar;
    for (std::size_t i = 0; i < kSamples; ++i) {
      const std::string key = cat(number, "-", 100 + i);
      tar += test::tar_member(key + ".png", test::png(static_cast<int>(i))) +
             test::tar_member(key + ".txt", "picture " + key);
    }
    return tar;
  };
  test::write_file(shards / "0.tar", shard(0) + test::kTarEnd);
  test::write_file(shards / "1.tar", shard(1).substr(0, shard(1).size() / 20 + 100));
  const std::string lost = "too many samples of the corpus are unusable";
  const auto found = [&](const std::string& source, const std::string& index) {
    const auto at = open_or_index({.path = source}, folder.path() / index);
    return test::error_of<DataError>([&] { refuse_too_many(Corpus::open(at).size(), 0.05, at); });
  };
  const auto imported = [&](const std::string& source) {
    ImportOptions options;
    options.sources = {source};
    options.out = folder.path() / "imported";
    return test::error_of<DataError>([&] { import_corpus(options); });
  };
  // Two of 40 were read; the whole shard has 40.
  CHECK(test::contains(found(shards.string(), "both"), "found 38 of 80, 47.5 %"));
  CHECK(test::contains(read_text_file(folder.path() / "both" / kUnpairedFile),
                       "; about 38 samples lost"));
  CHECK(test::contains(imported(shards.string()), "too much is left out"));
  // Alone it tells nothing of how many there were.
  const std::string cut = (shards / "1.tar").string();
  CHECK(test::contains(found(cut, "alone"), "found 2 of 4, 50 %"));
  CHECK(test::contains(imported(cut), "too much is left out"));
  test::write_file(shards / "sizes.json", R"({"1.tar": 50})");
  CHECK(test::contains(found(cut, "known"), "found 48 of 50, 96 %"));
}

TEST_CASE("how much is lost is known, or follows from other shards or from the bytes") {
  const WholeShards whole = {.shards = 2, .samples = 20, .bytes = 2000};
  const DamagedEnd cut = {.is_cut = true, .lost_bytes = 3, .read_bytes = 410, .read_samples = 4};
  CHECK(lost_samples(cut, 30, whole).samples == 26);
  CHECK(lost_samples(cut, 30, whole).is_known);
  CHECK(lost_samples(cut, 4, whole).samples == 1);
  CHECK(lost_samples(cut, std::nullopt, whole).samples == 6);
  CHECK(!lost_samples(cut, std::nullopt, whole).is_known);
  CHECK(lost_samples(cut, std::nullopt, {}).samples == 4);
  // (2000 + 400) bytes of 24 samples.
  const DamagedEnd inside = {
      .is_cut = false, .lost_bytes = 5000, .read_bytes = 400, .read_samples = 4};
  CHECK(lost_samples(inside, std::nullopt, whole).samples == 50);
  CHECK(lost_samples(inside, std::nullopt, {}).samples == 50);
  CHECK(lost_samples({.is_cut = false, .lost_bytes = 9, .read_bytes = 0, .read_samples = 0},
                     std::nullopt, {})
            .samples == 1);
}

TEST_CASE("files with the number of a shard's samples that say nothing of it are not believed") {
  const test::TemporaryFolder folder;
  const auto shard = folder.path() / "7.tar";
  CHECK(!known_samples(shard));
  for (const char* const text : {"", "[]", "{", R"({"6.tar": 3})", R"({"7.tar": -3})",
                                 R"({"7.tar": 1e30})", R"({"7.tar": 18446744073709551615})",
                                 R"({"7.tar": NaN})", R"({"7.tar": "3"})", R"({"7.tar": 3.5})"}) {
    test::write_file(folder.path() / "sizes.json", text);
    CAPTURE(text);
    CHECK(!known_samples(shard));
  }
  test::write_file(folder.path() / "7_stats.json",
                   R"({"duration": NaN, "successes": 12, "count": 20, "rate": Infinity})");
  CHECK(known_samples(shard) == 12);
  test::write_file(folder.path() / "sizes.json", R"({"7.tar": 13})");
  CHECK(known_samples(shard) == 13);
}

TEST_CASE("what a job's own import left out counts, also when the import is used again") {
  const test::TemporaryFolder folder;
  const auto table = folder.path() / "pairs.tsv";
  std::string rows = "filepath\ttitle\n";
  for (int i = 0; i < 10; ++i) {
    const std::string name = cat(i, ".png");
    test::write_file(folder.path() / name, i == 4 ? "no image" : test::png(i));
    rows += cat(name, "\tpicture ", i, "\n");
  }
  test::write_file(table, rows);
  config::CorpusConfig config = {.path = table.string()};
  config.max_quarantined = 0.2;
  for (const bool again : {false, true}) {
    CAPTURE(again);
    const auto corpus = open_or_index(config, folder.path() / "index");
    CHECK(corpus == folder.path() / "index/imported");
    CHECK(left_out_lists(corpus).size() == 2);
    CHECK_NOTHROW(refuse_too_many(9, 0.1, corpus));
    CHECK(test::contains(
        test::error_of<DataError>([&] { refuse_too_many(9, 0.05, corpus); }),
        "import_report.jsonl: too many samples of the corpus are unusable; expected at most 5 % "
        "(corpus.max_quarantined); found 1 of 10, 10 %: 1 × the image cannot be decoded"));
  }
}

}  // namespace
}  // namespace helip::data
