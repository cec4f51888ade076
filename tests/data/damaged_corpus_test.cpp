// A corpus as the web gives it: among good samples every kind of damage, each of which must be
// named once and never crash or eat memory.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "corpus_support.h"
#include "data/corpus.h"
#include "data/index_corpus.h"
#include "data/quarantine.h"
#include "data/reason_count.h"
#include "data/shard_index.h"
#include "data/shard_list.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

using test::kTarEnd;
using test::tar_header;
using test::tar_member;

std::string golden(const std::string& name) {
  return read_text_file(test::golden_folder("decode") + name);
}

// The size in a PNG's header, its checksum not set anew: libpng looks at the size first.
std::string png_of_size(std::uint32_t side, char bit_depth) {
  std::string png = test::png(1);
  for (const std::size_t at : {16U, 20U}) {
    for (unsigned i = 0; i < 4; ++i) png[at + i] = static_cast<char>(side >> (24U - 8U * i));
  }
  png[24] = bit_depth;
  std::uint32_t crc = ~0U;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<unsigned char>(png[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  for (unsigned i = 0; i < 4; ++i) png[29 + i] = static_cast<char>(~crc >> (24U - 8U * i));
  return png;
}

std::string jpeg_of_size() {
  std::string jpeg = golden("jpeg_444.jpg");
  jpeg.replace(jpeg.find("\xFF\xC0") + 5, 4, "\xFD\xE8\xFD\xE8");
  return jpeg;
}

std::string flipped(std::string bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
  return bytes;
}

const std::string kAnimation =
    std::string("RIFF\x2A\0\0\0WEBPVP8X\x0A\0\0\0\x02\0\0\0\x03\0\0\x03\0\0", 30) +
    std::string("ANIM\x06\0\0\0\0\0\0\0\0\0ANMF\0\0\0\0", 22);

// One damaged sample: its members, and what must be said of it (empty: it is good after all).
struct Kind {
  std::function<std::string(const std::string& key)> members;
  std::string reason;
};

Kind image(const std::string& extension, const std::string& bytes, const std::string& reason) {
  return {[=](const std::string& key) {
            return tar_member(key + "." + extension, bytes) + tar_member(key + ".txt", "a caption");
          },
          reason};
}

Kind caption(const std::string& extension, const std::string& bytes, const std::string& reason) {
  return {[=](const std::string& key) {
            return tar_member(key + ".png", test::png(3)) +
                   tar_member(key + "." + extension, bytes);
          },
          reason};
}

std::vector<Kind> kinds() {
  const std::string jpeg = golden("jpeg_420.jpg");
  const std::string png = golden("png_rgb.png");
  const std::string webp = golden("webp_lossy.webp");
  return {
      image("jpg", jpeg.substr(0, jpeg.size() / 2), "JPEG image cannot be decoded"),
      image("jpg", flipped(jpeg, 3), "JPEG image cannot be decoded"),
      image("jpg", "", "image format is not known; expected JPEG, PNG or WebP; found an empty"),
      image("png", png_of_size(65'535, 8), "PNG image has a size out of bounds"),
      image("png", png_of_size(60'000, 16), "PNG image has a size out of bounds"),
      image("jpg", jpeg_of_size(), "JPEG image has a size out of bounds"),
      image("jpg", "GIF89a\x01\x02", "image format is not known"),
      image("jpg", "<!DOCTYPE html><title>404</title>", "image format is not known"),
      image("png", png.substr(0, png.size() - 30), "PNG image cannot be decoded"),
      image("png", flipped(png, png.size() - 14), "PNG image cannot be decoded"),
      image("webp", kAnimation, "WebP image cannot be decoded; found an animation"),
      image("webp", webp.substr(0, webp.size() / 2), "WebP image cannot be decoded"),
      caption("txt", "caf\xE9", "the caption is not valid UTF-8"),
      caption("txt", " \n\t", "the caption is empty"),
      caption("txt", "", "the caption is empty"),
      caption("txt", std::string((1 << 20) + 1, 'a'), "the caption is larger than 1 MiB"),
      caption("json", R"({"url":"x"})", "the json has no field caption"),
      caption("json", R"({"caption":)", "the caption's json is not a JSON object"),
      caption("json", R"({"caption":["a"]})", "the json's field caption is not a string"),
      // Not pairs: without an id.
      caption("xml", "<a/>", "an image without a caption"),
      {[](const std::string& key) { return tar_member(key + ".txt", "a caption"); },
       "a caption without an image"},
      image("bmp", "BM", "a caption without an image"),
      {[](const std::string& key) { return tar_header(key + ".jpg", 0, '2'); },
       "a link is not followed"},
      // Odd, but good.
      image("jpg", golden("jpeg_cmyk.jpg"), ""),
      image("png", jpeg, ""),
      image("jpg", golden("png_grey_16bit.png"), ""),
  };
}

std::string good(const std::string& key) {
  return tar_member(key + ".png", test::png(static_cast<int>(key.size()))) +
         tar_member(key + ".txt", "picture " + key);
}

// What a job would put aside, by decoding each pair.
std::vector<QuarantineEntry> unusable_pairs(const Corpus& corpus) {
  std::vector<QuarantineEntry> entries;
  for (std::uint64_t i = 0; i < corpus.size(); ++i) {
    const Sample sample = corpus.load(SampleId{i});
    std::string reason = sample.caption_problem;
    try {
      if (reason.empty()) decode_image(sample.image);
    } catch (const DataError& error) {
      reason = error.what();
    }
    if (!reason.empty()) entries.push_back({i, sample.shard, sample.offset, sample.key, reason});
  }
  return entries;
}

// While it lives the process may not grow by more than so many bytes.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t bytes) {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit limit = before_;
    limit.rlim_cur = pages * 4096 + bytes;
    ::setrlimit(RLIMIT_AS, &limit);
  }
  ~MemoryLimit() { ::setrlimit(RLIMIT_AS, &before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("every kind of damage is named, counted and survived, with a lid on memory") {
  constexpr std::size_t kRounds = 2;  // of each kind
  constexpr std::size_t kGood = 9;    // for each damaged sample
  const test::TemporaryFolder folder;
  const auto shards = folder.path() / "shards";
  const auto all = kinds();
  REQUIRE(all.size() > 20);
  std::map<std::string, std::string> wanted;  // key, reason
  std::size_t samples = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::string tar;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string key = cat("bad", round, "-", i);
      tar += all[i].members(key);
      if (!all[i].reason.empty()) wanted[key] = all[i].reason;
      for (std::size_t g = 0; g < kGood; ++g) tar += good(cat("good", round, "-", i, "-", g));
      samples += 1 + kGood;
    }
    // The key of an earlier sample.
    tar += good(cat("good", round, "-0-0"));
    ++samples;
    test::write_file(shards / cat(round, ".tar"), tar + kTarEnd);
  }
  const std::string cut = good("last") + good("lost");
  test::write_file(shards / "2.tar", cut.substr(0, good("last").size() + 600));
  test::write_file(shards / "3.tar", "");
  test::write_file(shards / "sizes.json", R"({"2.tar": 2})");
  test::write_file(shards / "3_stats.json", R"({"successes": 4})");
  samples += 6;  // one good, one lost, four of an empty shard

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const MemoryLimit limit(768ULL << 20);
#endif
  const auto index = open_or_index({.path = shards.string()}, folder.path() / "index");
  const Corpus corpus = Corpus::open(index);
  write_quarantine(index, corpus.size(), unusable_pairs(corpus));

  std::map<std::string, std::string> found;
  std::vector<nlohmann::json> ends;
  std::size_t repeated = 0;
  for (const char* const name : {"quarantine.jsonl", kUnpairedFile}) {
    std::ifstream lines(index / name);
    for (std::string line; std::getline(lines, line);) {
      const auto entry = nlohmann::json::parse(line);
      CHECK(!entry.at("shard").get<std::string>().empty());
      CHECK(entry.at("offset").is_number_unsigned());
      const auto key = entry.at("key").get<std::string>();
      if (entry.value("samples", 1) == 0) {
        CHECK(test::contains(entry.at("reason"), "the key of an earlier sample"));
        ++repeated;
      } else if (entry.at("shard") == "2.tar" || entry.at("shard") == "3.tar") {
        ends.push_back(entry);
      } else {
        CHECK(found.emplace(key, entry.at("reason").get<std::string>()).second);
      }
    }
  }
  for (const auto& [key, reason] : wanted) {
    CAPTURE(key, reason);
    // A link is named by its file.
    const std::string name = found.count(key) != 0 ? key : key + ".jpg";
    REQUIRE(found.count(name) == 1);
    CHECK(found.at(name).substr(0, reason.size()) == reason);
  }
  CHECK(found.size() == wanted.size());
  REQUIRE(ends.size() == 2);
  CHECK(test::contains(ends[0].at("reason"), "the member lost.png is cut off"));
  CHECK(test::contains(ends[0].at("reason"), "truncated tar"));
  CHECK(test::contains(ends[0].at("reason"), "; 1 sample lost"));
  CHECK(test::contains(ends[1].at("reason"), "empty tar"));
  CHECK(ends[1].at("samples") == 4);
  CHECK(repeated == kRounds);
  CHECK(corpus.manifest().repeated_keys == kRounds);

  const std::size_t unusable = wanted.size() + 5;
  const std::size_t in_all = corpus.size() + total_of(count_reasons(index / kUnpairedFile));
  CHECK(in_all == samples);
  const auto refuse = [&](double limit_share) {
    refuse_too_many(corpus.size(), limit_share, index, index / "quarantine.jsonl");
  };
  const std::string error = test::error_of<DataError>([&] { refuse(0.05); });
  CAPTURE(error);
  CHECK(test::contains(error, cat(unusable, " of ", in_all)));
  CHECK(test::contains(error, "at most 5 % (corpus.max_quarantined)"));
  CHECK(test::contains(error, "6 × image format is not known"));
  CHECK(test::contains(error, (index / "quarantine.jsonl").string()));
  CHECK_NOTHROW(refuse(0.2));
}

TEST_CASE("without a caption in the first 1,000 samples indexing ends and tells what is there") {
  const test::TemporaryFolder folder;
  std::string tar;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    tar += tar_member(key + ".jpg", "image") +
           tar_member(key + ".json", R"({"alt":"a dog","url":"x"})");
  }
  const auto index_with = [&](const std::string& last) {
    test::write_file(folder.path() / "s/0.tar", tar + last + kTarEnd);
    return test::error_of<DataError>(
        [&] { scan_shards(list_shards((folder.path() / "s").string()), "caption", {}); });
  };
  const std::string late = tar_member("z.jpg", "image") + tar_member("z.txt", "a caption");
  const std::string error = index_with("");
  CAPTURE(error);
  CHECK(test::contains(error, "no image with a usable caption in the first 1000 samples"));
  CHECK(test::contains(error, "the field caption (corpus.caption_key) of KEY.json"));
  CHECK(test::contains(error, "found .jpg, .json, json field alt, json field url"));
  CHECK(index_with(late) == error);
  // The first 1,000 decide, and the rest is not read.
  CHECK(index_shard(folder.path() / "s/0.tar", "caption", 3).before_first == 3);
  tar.erase(0, tar.find("1.jpg"));
  CHECK(index_with(late).empty());
}

}  // namespace
}  // namespace helip::data
