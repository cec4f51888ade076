#include "data/corpus/corpus.h"

#include <catch2/catch.hpp>
#include <thread>

#include "common/error.h"
#include "common/json.h"
#include "corpus_support.h"
#include "data/corpus/index_corpus.h"
#include "data/corpus/quarantine.h"
#include "data/import/open_or_index.h"
#include "data/import/shard_list.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

using test::contains;
using test::kTarEnd;
using test::tar_header;
using test::tar_member;

// Three shards: names of every kind, captions of every kind.
struct CorpusTest {
  test::TemporaryFolder folder;
  std::filesystem::path shards = folder.path() / "shards";
  std::filesystem::path index = folder.path() / "index";
  const std::string long_key = std::string(90, 'k') + "/" + std::string(90, 'l');

  CorpusTest() {
    test::write_file(shards / "00000.tar",
                     tar_member("a.jpg", "image a") + tar_member("a.txt", "A Cat") +
                         tar_member("b.png", "image b") +
                         tar_member("b.json", R"({"caption":"a dog","alt":"another dog"})") +
                         kTarEnd);
    test::write_file(shards / "00001.tar",
                     tar_member("only.jpg", "x") + tar_member("c.webp", "image a") +
                         tar_member("c.txt", "  a  cat ") + tar_member("d.jpg", "image d") +
                         tar_member("d.txt", "\xFF") + tar_member("e.jpg", "image e") +
                         tar_member("e.txt", "\t\n") + kTarEnd);
    test::write_file(shards / "00002.tar", tar_member("@", long_key + ".jpeg", 'L') +
                                               tar_member("cut.jpeg", "image f") +
                                               tar_member("@", long_key + ".txt", 'L') +
                                               tar_member("cut.txt", "f") + kTarEnd);
  }
  std::filesystem::path make(const std::string& key = "caption") const {
    return open_or_index({.path = shards.string(), .caption_key = key}, index);
  }
  [[nodiscard]] std::string open_error() const {
    return test::error_of<Error>([&] { Corpus::open(index); });
  }
};

TEST_CASE_METHOD(CorpusTest, "samples come back by id, in any order, from many threads") {
  CHECK(make() == index);
  const Corpus corpus = Corpus::open(index);
  REQUIRE(corpus.size() == 6);
  const std::vector<std::string> keys = {"a", "b", "c", "d", "e", long_key};
  const std::vector<std::string> images = {"image a", "image b", "image a",
                                           "image d", "image e", "image f"};
  const std::vector<std::string> captions = {"A Cat", "a dog", "  a  cat ", "", "", "f"};
  const std::vector<std::string> problems = {
      "", "", "", R"(the caption is not valid UTF-8; it begins \xff)", "the caption is empty", ""};
  const std::vector<std::string> extensions = {"jpg", "png", "webp", "jpg", "jpg", "jpeg"};
  // The last has an extended header before it, which begins the sample.
  const std::vector<std::string> first_headers = {"a.", "b.", "c.", "d.", "e.", "@"};
  const auto fits = [&](std::size_t i) {
    const Sample sample = corpus.load(SampleId{i});
    return to_index(sample.id) == i && sample.key == keys[i] &&
           test::text_of(sample.image) == images[i] && sample.caption == captions[i] &&
           sample.caption_problem == problems[i] && sample.image_extension == extensions[i] &&
           read_text_file(shards / sample.shard).substr(sample.offset, first_headers[i].size()) ==
               first_headers[i];
  };
  for (std::size_t i = 0; i < 6; ++i) CHECK(fits(i));
  for (const std::size_t i : {5, 0, 3, 1, 4, 2, 5}) CHECK(fits(i));
  std::vector<int> right(4, 0);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < right.size(); ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t n = 0; n < 300; ++n) right[t] += fits((n * 5 + t) % 6) ? 1 : 0;
      });
    }
  }
  CHECK(right == std::vector<int>(4, 300));
  CHECK_THROWS_AS(corpus.load(SampleId{6}), DataError);
}

TEST_CASE_METHOD(CorpusTest, "duplicates share a group, unusable captions do not") {
  make();
  const Corpus corpus = Corpus::open(index);
  const auto list = [](std::span<const std::uint32_t> groups) {
    return std::vector<std::uint32_t>(groups.begin(), groups.end());
  };
  CHECK(list(corpus.image_groups()) == std::vector<std::uint32_t>{0, 1, 0, 2, 3, 4});
  CHECK(list(corpus.caption_groups()) == std::vector<std::uint32_t>{0, 1, 0, 2, 3, 4});
}

TEST_CASE_METHOD(
    CorpusTest,
    "the manifest holds shards, counts and the fingerprint of names, sizes and digests") {
  make();
  const Corpus corpus = Corpus::open(index);
  const CorpusManifest& manifest = corpus.manifest();
  REQUIRE(manifest.shards.size() == 3);
  std::string list;
  for (const std::string name : {"00000.tar", "00001.tar", "00002.tar"}) {
    list += "9 " + name + " " + std::to_string(std::filesystem::file_size(shards / name)) + " " +
            sha256_file(shards / name) + "\n";
  }
  CHECK(manifest.fingerprint == sha256_hex(list));
  CHECK(manifest.shards[1].first_sample == 2);
  CHECK(manifest.shards[1].samples == 3);
  CHECK(manifest.json_captions == 1);
  CHECK(manifest.unpaired == 1);
  CHECK(contains(read_text_file(index / "unpaired.jsonl"),
                 R"("key":"only","reason":"an image without a caption")"));
}

TEST_CASE_METHOD(CorpusTest, "the caption key chooses the json's field") {
  make("alt");
  CHECK(Corpus::open(index).load(SampleId{1}).caption == "another dog");
  make("missing");
  const Sample sample = Corpus::open(index).load(SampleId{1});
  CHECK(sample.caption.empty());
  CHECK(sample.caption_problem == "the json has no field missing; it has caption, alt");
}

TEST_CASE_METHOD(CorpusTest,
                 "json captions that are no string or no JSON are problems of the sample") {
  for (const std::string json : {"{\"caption\":7}", "[1]", "{\"caption\":", "{\"caption\":\" \"}",
                                 "{\"caption\":\"\xFF\"}", "{\"caption\":null}"}) {
    CAPTURE(json);
    std::filesystem::remove_all(shards);
    test::write_file(shards / "0.tar", tar_member("a.jpg", "x") + tar_member("a.json", json) +
                                           tar_member("b.jpg", "y") + tar_member("b.txt", "a dog") +
                                           kTarEnd);
    make();
    const Sample sample = Corpus::open(index).load(SampleId{0});
    CHECK(sample.caption.empty());
    CHECK(!sample.caption_problem.empty());
  }
}

TEST_CASE_METHOD(CorpusTest,
                 "an index is reused while nothing changed and made again when something did") {
  int indexed = 0;
  const auto count = [&](std::uint64_t, std::uint64_t total) { indexed += total == 3 ? 1 : 0; };
  const auto again = [&] {
    indexed = 0;
    open_or_index({.path = shards.string()}, index, count);
    return indexed;
  };
  CHECK(again() == 3);
  const std::string manifest = read_text_file(index / "manifest.json");
  CHECK(again() == 0);
  // A new time alone: indexed again, with the same result.
  const auto time = std::filesystem::last_write_time(shards / "00001.tar");
  std::filesystem::last_write_time(shards / "00001.tar", time + std::chrono::seconds(5));
  write_quarantine(index, 6, {});
  CHECK(again() == 3);
  CHECK(read_text_file(index / "manifest.json") == manifest);
  CHECK(std::filesystem::exists(index / "quarantine.npy"));
  // A damaged file of the index.
  std::string bytes = read_text_file(index / "image_group.npy");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  test::write_file(index / "image_group.npy", bytes);
  CHECK(again() == 3);
  CHECK(again() == 0);
  // An index of an earlier version, which may have counted links otherwise.
  std::string earlier = read_text_file(index / "manifest.json");
  earlier.replace(earlier.find("helip_corpus/3"), 14, "helip_corpus/1");
  test::write_file(index / "manifest.json", earlier);
  CHECK(again() == 3);
  CHECK(read_text_file(index / "manifest.json") == manifest);
  // The samples are the same, so their quarantine stays.
  CHECK(std::filesystem::exists(index / "quarantine.npy"));
  CHECK(again() == 0);
  // Other content: another fingerprint, and the old quarantine goes.
  test::write_file(shards / "00001.tar",
                   tar_member("z.jpg", "z") + tar_member("z.txt", "z") + kTarEnd);
  CHECK(again() == 3);
  CHECK(Corpus::open(index).size() == 4);
  CHECK(!std::filesystem::exists(index / "quarantine.npy"));
}

TEST_CASE_METHOD(CorpusTest, "a corpus folder is opened where it is, moved or not") {
  const auto list = list_shards(shards.string());
  write_corpus_index(scan_shards(list, "caption", {}), shards);
  CHECK(read_manifest(shards / "manifest.json").shard_folder == ".");
  CHECK(open_or_index({.path = shards.string()}, index) == shards);
  CHECK(!std::filesystem::exists(index));
  // What a person made is not made again without their word.
  const std::string manifest = read_text_file(shards / "manifest.json");
  std::string earlier = manifest;
  earlier.replace(earlier.find("helip_corpus/3"), 14, "helip_corpus/1");
  test::write_file(shards / "manifest.json", earlier);
  CHECK_THROWS_WITH(open_or_index({.path = shards.string()}, index),
                    Catch::Contains("import or index the corpus again"));
  test::write_file(shards / "manifest.json", manifest);
  std::filesystem::rename(shards, folder.path() / "moved");
  CHECK(Corpus::open(folder.path() / "moved").load(SampleId{5}).caption == "f");
  CHECK_THROWS_WITH(
      open_or_index({.path = (folder.path() / "moved").string(), .caption_key = "alt"}, index),
      Catch::Contains("another caption key"));
}

TEST_CASE_METHOD(CorpusTest, "shards of several folders are told apart by their paths") {
  test::write_file(folder.path() / "more/00000.tar",
                   tar_member("m.jpg", "m") + tar_member("m.txt", "m") + kTarEnd);
  open_or_index({.path = shards.string() + "::" + (folder.path() / "more/00000.tar").string()},
                index);
  const Corpus corpus = Corpus::open(index);
  CHECK(corpus.manifest().shards[0].name == "shards/00000.tar");
  CHECK(corpus.manifest().shards[3].name == "more/00000.tar");
  CHECK(corpus.load(SampleId{6}).key == "m");
  CHECK(corpus.load(SampleId{6}).shard == "more/00000.tar");
}

TEST_CASE_METHOD(CorpusTest, "a changed or missing shard and a damaged index are refused") {
  CHECK(contains(open_error(), "not a corpus folder"));
  make();
  REQUIRE(open_error().empty());
  const std::string shard = read_text_file(shards / "00001.tar");
  test::write_file(shards / "00001.tar", shard + std::string(512, '\0'));
  CHECK(contains(open_error(), "a shard changed since the corpus was indexed"));
  std::filesystem::remove(shards / "00001.tar");
  CHECK(contains(open_error(), "a shard of the corpus is missing"));
  test::write_file(shards / "00001.tar", shard);
  for (const char* name : {"index.npy", "image_group.npy", "caption_group.npy"}) {
    CAPTURE(name);
    const std::string whole = read_text_file(index / name);
    for (const std::size_t at : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 4);
      test::write_file(index / name, damaged);
      CHECK(contains(open_error(), "a file of the corpus index is damaged"));
    }
    test::write_file(index / name, whole.substr(0, whole.size() - 1));
    CHECK(!open_error().empty());
    test::write_file(index / name, whole);
  }
  CHECK(open_error().empty());
}

TEST_CASE_METHOD(CorpusTest, "a manifest that contradicts itself is refused") {
  make();
  const auto manifest = Json::parse(read_text_file(index / "manifest.json"));
  const auto with = [&](const std::string& pointer, const Json& value) {
    auto changed = manifest;
    changed = test::with_value(changed, pointer, value);
    test::write_file(index / "manifest.json", changed.dump());
    return open_error();
  };
  CHECK(contains(with("/pairs", 7), "wrong number of pairs"));
  CHECK(contains(with("/shards/1/first_sample", 3), "starts at the wrong sample"));
  CHECK(contains(with("/shards/1/sha256", "00"), "its fingerprint does not follow"));
  CHECK(contains(with("/shards/1/name", "other.tar"), "its fingerprint does not follow"));
  CHECK(contains(with("/format", "helip_corpus/1"),
                 "expected helip_corpus/3: import or index the corpus again; "
                 "found helip_corpus/1"));
  CHECK(contains(with("/pairs", "six"),
                 "the corpus manifest is damaged; found type must be number, but is string"));
  const std::string text = manifest.dump();
  for (std::size_t length = 0; length < text.size(); length += 37) {
    test::write_file(index / "manifest.json", text.substr(0, length));
    CHECK(contains(open_error(), "the corpus manifest is damaged"));
  }
}

TEST_CASE_METHOD(CorpusTest,
                 "an index row outside of its shard is refused even if its digest fits") {
  auto scan = scan_shards(list_shards(shards.string()), "caption", {});
  scan.locations[3].image_bytes += 1 << 20;
  write_corpus_index(scan, index);
  CHECK(contains(open_error(), "sample 3 lies outside of its shard"));
  scan.locations[3].image_bytes -= 1 << 20;
  scan.locations[3].shard = 0;
  write_corpus_index(scan, index);
  CHECK(contains(open_error(), "sample 3 lies outside of its shard"));
}

TEST_CASE_METHOD(CorpusTest, "a shard that cannot be read is an error that leaves nothing behind") {
  test::write_file(shards / "00001.tar", "\x1F\x8B zipped");
  const std::string error = test::error_of<DataError>([&] { make(); });
  CHECK(contains(error, "00001.tar: compressed tar"));
  CHECK(!std::filesystem::exists(index));
  std::filesystem::remove_all(shards);
  test::write_file(shards / "0.tar", tar_member("a.txt", "alone") + kTarEnd);
  CHECK(contains(test::error_of<DataError>([&] { make(); }),
                 "no image with a usable caption in the first 1 samples"));
  CHECK(contains(test::error_of<DataError>([&] { make(); }),
                 "found 1 × a caption without an image; .txt"));
  test::write_file(shards / "0.tar", tar_header("a.jpg", 0, '2') + kTarEnd);
  CHECK(contains(test::error_of<DataError>([&] { make(); }), "; .jpg, links"));
  test::write_file(shards / "0.tar", tar_member("README", "no sample") + kTarEnd);
  CHECK(contains(test::error_of<DataError>([&] { make(); }), "no image-text pair in the shards"));
  test::write_file(shards / "0.tar", tar_member(".cache/a.jpg", "image") +
                                         tar_member(".cache/a.txt", "caption") + kTarEnd);
  CHECK(contains(test::error_of<DataError>([&] { make(); }),
                 "found 2 members that are hidden or have no extension, as .cache/a.jpg"));
}

TEST_CASE_METHOD(CorpusTest,
                 "a shard whose bytes moved under its index is told when a sample is read") {
  make();
  const Corpus corpus = Corpus::open(index);
  const std::string whole = read_text_file(shards / "00000.tar");
  test::write_file(shards / "00000.tar", std::string(whole.size(), 'x'));
  CHECK_THROWS_WITH(corpus.load(SampleId{0}), Catch::Contains("00000.tar"));
  test::write_file(shards / "00000.tar", whole.substr(0, 700));
  CHECK_THROWS_WITH(corpus.load(SampleId{1}),
                    Catch::Contains("00000.tar") && Catch::Contains("end of the file"));
}

}  // namespace
}  // namespace helip::data
