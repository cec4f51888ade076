#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/rng.h"
#include "data/golden_files.h"
#include "data/tokens/byte_pair_encoding.h"
#include "data/tokens/tokenizer.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

const Tokenizer& clip() {
  static const std::unique_ptr<Tokenizer> tokenizer =
      make_clip_tokenizer(default_clip_vocabulary());
  return *tokenizer;
}

std::vector<std::int64_t> tokens_of(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::int64_t> tokens(static_cast<std::size_t>(tokenizer.context_length()), -1);
  tokenizer.encode(text, tokens);
  return tokens;
}

std::vector<std::int64_t> padded(const Json& tokens, std::size_t length) {
  auto all = tokens.get<std::vector<std::int64_t>>();
  all.resize(length, 0);
  return all;
}

TEST_CASE("CLIP tokens equal open_clip's") {
  const auto golden = test::read_json("clip_tokenizer/cases.json");
  REQUIRE(golden.at("cases").size() >= 500);
  CHECK(clip().context_length() == 77);
  CHECK(clip().vocabulary_size() == 49408);
  for (const auto& one : golden.at("cases")) {
    CAPTURE(one.dump());
    CHECK(tokens_of(clip(), one.at("text")) == padded(one.at("tokens"), 77));
  }
}

TEST_CASE("CLIP tokens of captions of 1 MiB equal open_clip's and do not stall") {
  const auto golden = test::read_json("clip_tokenizer/cases.json").at("long");
  REQUIRE(golden.size() >= 7);
  for (const auto& one : golden) {
    CAPTURE(one.dump());
    const std::string part = one.at("part");
    std::string text;
    for (int i = 0; i < one.at("times").get<int>(); ++i) text += part;
    CHECK(tokens_of(clip(), text) == padded(one.at("tokens"), 77));
  }
}

// The lines of a compressed file.
std::vector<std::string> unzipped_lines(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  REQUIRE(file != nullptr);
  std::vector<std::string> lines(1);
  for (int c = gzgetc(file); c != -1; c = gzgetc(file)) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += static_cast<char>(c);
    }
  }
  gzclose(file);
  lines.pop_back();
  return lines;
}

TEST_CASE("CLIP tokens of 20,000 real captions in 17 scripts equal open_clip's") {
  constexpr std::size_t kBlock = 100;
  const auto expected = test::read_json("many_captions/expected.json");
  const auto captions = unzipped_lines(test::golden("many_captions/captions.txt.gz"));
  REQUIRE(captions.size() >= 20'000);
  REQUIRE(captions.size() == expected.at("captions"));
  REQUIRE(expected.at("scripts").size() >= 10);
  for (std::size_t first = 0; first < captions.size(); first += kBlock) {
    std::vector<std::int64_t> tokens(kBlock * 77);
    for (std::size_t i = 0; i < kBlock; ++i)
      clip().encode(captions[first + i], std::span(tokens).subspan(i * 77, 77));
    CAPTURE(first, captions[first]);
    CHECK(sha256_hex(std::as_bytes(std::span(tokens))) == expected.at("sha256").at(first / kBlock));
  }
}

TEST_CASE("a truncated text keeps the end token") {
  const auto tokenizer = make_clip_tokenizer(default_clip_vocabulary(), 5);
  CHECK(tokens_of(*tokenizer, "a photo of a cat") ==
        std::vector<std::int64_t>{49406, 320, 1125, 539, 49407});
  CHECK(tokens_of(*tokenizer, "a photo of") ==
        std::vector<std::int64_t>{49406, 320, 1125, 539, 49407});
  CHECK(tokens_of(*tokenizer, "a photo") == std::vector<std::int64_t>{49406, 320, 1125, 49407, 0});
  const auto shortest = make_clip_tokenizer(default_clip_vocabulary(), 2);
  CHECK(tokens_of(*shortest, "a photo") == std::vector<std::int64_t>{49406, 49407});
  CHECK_THROWS_AS(make_clip_tokenizer(default_clip_vocabulary(), 1), ConfigError);
}

TEST_CASE("CLIP's tokenizer refuses a wrong buffer and bad UTF-8") {
  std::vector<std::int64_t> small(10);
  CHECK_THROWS_AS(clip().encode("a", small), DataError);
  CHECK_THROWS_AS(tokens_of(clip(), "\xFF"), DataError);
}

TEST_CASE("one tokenizer serves many threads") {
  const auto golden = test::read_json("clip_tokenizer/cases.json").at("cases");
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (const auto& one : golden)
        wrong[t] += tokens_of(clip(), one.at("text")) != padded(one.at("tokens"), 77);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

// The oracle is open_clip's loop: of all pairs merge the one of lowest rank, everywhere from the
// left, until none is known.
TEST_CASE("merging by heap equals repeated passes, on long words too") {
  const BytePairEncoding encoding(default_clip_vocabulary());
  const auto merge_of = [&](std::int64_t left, std::int64_t right) -> std::int64_t {
    return encoding.merged(static_cast<std::int32_t>(left), static_cast<std::int32_t>(right));
  };
  const auto passes = [&](const std::string& word) {
    std::vector<std::int64_t> symbols;
    for (const char c : word)
      symbols.push_back(encoding.symbol_of_byte(static_cast<unsigned char>(c)));
    symbols.back() += 256;
    for (;;) {
      std::int64_t best = -1;
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        const std::int64_t merged = merge_of(symbols[i], symbols[i + 1]);
        if (merged >= 0 && (best < 0 || merged < best)) best = merged;
      }
      if (best < 0) return symbols;
      std::vector<std::int64_t> next;
      for (std::size_t i = 0; i < symbols.size(); ++i) {
        if (i + 1 < symbols.size() && merge_of(symbols[i], symbols[i + 1]) == best) {
          next.push_back(best);
          ++i;
        } else {
          next.push_back(symbols[i]);
        }
      }
      symbols = std::move(next);
    }
  };
  RandomStream stream(1, "test.words", {});
  const std::string letters = "aaaeeehhnnoorrssttilu'!\xC3\xA9";
  for (int i = 0; i < 300; ++i) {
    std::string word;
    const std::uint64_t length = 1 + stream.below(i < 280 ? 20 : 400);
    for (std::uint64_t k = 0; k < length; ++k)
      word.push_back(letters[stream.below(letters.size())]);
    std::vector<std::int64_t> tokens;
    encoding.encode(word, tokens);
    CAPTURE(word);
    REQUIRE(tokens == passes(word));
  }
}

std::string write_gzip(const std::filesystem::path& file, const std::string& content) {
  gzFile out = gzopen(file.c_str(), "wb");
  gzwrite(out, content.data(), static_cast<unsigned>(content.size()));
  gzclose(out);
  return test::read_bytes(file);
}

TEST_CASE("a damaged vocabulary is refused") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "vocabulary.gz";
  const auto write = [&](const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
  };
  CHECK_THROWS_WITH(make_clip_tokenizer(file), Catch::Contains("cannot be opened"));
  const std::string whole = test::read_bytes(default_clip_vocabulary());
  write(whole.substr(0, whole.size() / 2));
  CHECK_THROWS_WITH(make_clip_tokenizer(file), Catch::Contains("damaged"));
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x10);
  write(flipped);
  CHECK_THROWS_AS(make_clip_tokenizer(file), DataError);
  write_gzip(file, "#version\na b\nab c\n");
  CHECK_THROWS_WITH(make_clip_tokenizer(file), Catch::Contains("too short"));
  write_gzip(file, "#version\na b\nxy c\n");
  CHECK_THROWS_WITH(make_clip_tokenizer(file),
                    Catch::Contains("line 3") && Catch::Contains("unknown symbols"));
  write_gzip(file, "#version\na b\na b\n");
  CHECK_THROWS_WITH(make_clip_tokenizer(file), Catch::Contains("twice"));
}

TEST_CASE("the vocabulary named by the environment comes first") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "mine.gz";
  std::ofstream(file) << "x";
  setenv("HELIP_BPE_VOCAB", file.c_str(), 1);
  CHECK(default_clip_vocabulary() == file);
  setenv("HELIP_BPE_VOCAB", (folder.path() / "none").c_str(), 1);
  CHECK_THROWS_WITH(default_clip_vocabulary(), Catch::Contains("HELIP_BPE_VOCAB"));
  unsetenv("HELIP_BPE_VOCAB");
  CHECK(std::filesystem::exists(default_clip_vocabulary()));
}

}  // namespace
}  // namespace helip::data
