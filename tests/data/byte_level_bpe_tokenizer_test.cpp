#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "data/golden_files.h"
#include "data/tokens/tokenizer.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

using Tokens = std::vector<std::int64_t>;

const std::vector<std::string> kFamilies = {"gpt2", "roberta", "clip", "llama"};

std::string file_of(const std::string& family) { return "byte_level_bpe/" + family + ".json"; }

Tokens padded(const Tokenizer& tokenizer, const std::string& text) {
  Tokens tokens(static_cast<std::size_t>(tokenizer.context_length()), -1);
  tokenizer.encode(text, tokens);
  return tokens;
}

// Padded with the token of byte FF, which no text has: what is before it is the text's.
class Unpadded {
 public:
  Unpadded(const std::string& family, int length)
      : pad_(test::read_json(file_of(family)).at("model").at("vocab").at("ÿ")),
        tokenizer_(make_byte_level_bpe_tokenizer(test::golden(file_of(family)), length, pad_)) {}

  Tokens operator()(const std::string& text) const {
    Tokens tokens = padded(*tokenizer_, text);
    tokens.erase(std::find(tokens.begin(), tokens.end(), pad_), tokens.end());
    return tokens;
  }

 private:
  std::int64_t pad_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

std::string joined(const Tokens& tokens) {
  std::string text;
  for (const std::int64_t token : tokens) text += cat(text.empty() ? "" : " ", token);
  return text;
}

TEST_CASE("byte-level tokens equal those of the tokenizers package") {
  const Json captions = test::read_json("byte_level_bpe/captions.json");
  REQUIRE(captions.size() >= 2000);
  for (const std::string& family : kFamilies) {
    const Unpadded tokens_of(family, 512);
    std::ifstream expected(test::golden("byte_level_bpe/" + family + ".tokens"));
    std::size_t wrong = 0;
    for (const Json& caption : captions) {
      std::string line;
      REQUIRE(std::getline(expected, line));
      const std::string tokens = joined(tokens_of(caption));
      if (sha256_hex(tokens).starts_with(line.substr(0, 8))) continue;
      CAPTURE(family, caption.dump(), line, tokens);
      if (++wrong <= 5) CHECK(false);
    }
    CAPTURE(family);
    CHECK(wrong == 0);
  }
}

TEST_CASE("a truncated text keeps the tokens around it") {
  const Json captions = test::read_json("byte_level_bpe/captions.json");
  for (const std::string& family : kFamilies) {
    const Unpadded whole(family, 512);
    const std::size_t after = family == "roberta" || family == "clip" ? 1 : 0;
    for (const int length : {2, 3, 8, 21}) {
      const Unpadded cut(family, length);
      for (std::size_t i = 0; i < captions.size(); i += 7) {
        Tokens expected = whole(captions[i]);
        const auto size = static_cast<std::size_t>(length);
        if (expected.size() > size) {
          expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(size - after),
                         expected.end() - static_cast<std::ptrdiff_t>(after));
        }
        CAPTURE(family, length, captions[i].dump());
        REQUIRE(cut(captions[i]) == expected);
      }
    }
  }
  const auto file = test::golden(file_of("roberta"));
  CHECK_THROWS_AS(make_byte_level_bpe_tokenizer(file, 1), ConfigError);
}

TEST_CASE("padding is what the file says, else what is asked for, else an error") {
  const auto open = [](const std::string& family, std::optional<std::int64_t> pad = {}) {
    return make_byte_level_bpe_tokenizer(test::golden(file_of(family)), 8, pad);
  };
  CHECK(padded(*open("roberta"), "") == Tokens{0, 2, 1, 1, 1, 1, 1, 1});
  CHECK(padded(*open("llama"), "") == Tokens{600, 601, 601, 601, 601, 601, 601, 601});
  CHECK(padded(*open("clip", 7), "") == Tokens{0, 1, 7, 7, 7, 7, 7, 7});
  CHECK(open("llama")->vocabulary_size() == 602);
  CHECK_THROWS_WITH(open("gpt2"), Catch::Contains("pad_id"));
  CHECK_THROWS_WITH(open("gpt2", 600), Catch::Contains("an id below 600"));
}

class Edited {
 public:
  explicit Edited(const std::string& family) : definition_(test::read_json(file_of(family))) {}
  Json& operator()() { return definition_; }
  std::unique_ptr<Tokenizer> open() {
    const auto file = folder_.path() / "tokenizer.json";
    std::ofstream(file) << definition_.dump();
    return make_byte_level_bpe_tokenizer(file, 16, 0);
  }

 private:
  test::TemporaryFolder folder_;
  Json definition_;
};

TEST_CASE("what is not implemented or damaged in a tokenizer.json is refused by its name") {
  const auto refused = [](const char* family, const char* pointer, const Json& value,
                          const char* named) {
    Edited edited(family);
    edited() = test::with_value(edited(), pointer, value);
    CAPTURE(pointer, value.dump());
    CHECK_THROWS_AS(edited.open(), DataError);
    CHECK_THROWS_WITH(edited.open(), Catch::Contains(named));
  };
  refused("gpt2", "/model/type", "Unigram", "model.type");
  refused("gpt2", "/model/cache", 3, "model.cache");
  refused("gpt2", "/segmenter", nullptr, "segmenter");
  refused("gpt2", "/model/dropout", 0.1, "model.dropout");
  refused("gpt2", "/model/continuing_subword_prefix", "##", "model.continuing_subword_prefix");
  refused("gpt2", "/model/fuse_unk", true, "model.fuse_unk");
  refused("gpt2", "/model/byte_fallback", true, "model.byte_fallback");
  refused("gpt2", "/model/unk_token", "<none>", "model.unk_token");
  refused("gpt2", "/model/ignore_merges", "no", "model.ignore_merges");
  refused("gpt2", "/model/vocab", Json::array(), "vocab");
  refused("gpt2", "/model/vocab/!", -1, "!");
  refused("gpt2", "/model/vocab/!", 40, "an id of its own");
  refused("gpt2", "/model/merges", nullptr, "model.merges");
  refused("gpt2", "/model/merges/3", "a", "model.merges 3");
  refused("gpt2", "/model/merges/3", "a zzz", "model.merges 3");
  refused("gpt2", "/model/merges/3", Json::array({"a", 1}), "model.merges 3");
  refused("gpt2", "/model/merges/4", Edited("gpt2")()["model"]["merges"][3], "each pair once");
  refused("gpt2", "/normalizer", {{"type", "Precompiled"}}, "normalizer.type");
  refused("gpt2", "/pre_tokenizer", nullptr, "pre_tokenizer");
  refused("gpt2", "/pre_tokenizer/type", "Whitespace", "pre_tokenizer.type");
  refused("gpt2", "/pre_tokenizer/add_prefix_space", 1, "add_prefix_space");
  refused("gpt2", "/post_processor/type", "Fancy", "post_processor.type");
  refused("gpt2", "/truncation", {{"direction", "Left"}}, "truncation.direction");
  refused("gpt2", "/added_tokens/0/single_word", true, "single_word");
  refused("gpt2", "/added_tokens/0/content", "", "added_tokens.content");
  refused("gpt2", "/added_tokens/0/id", "x", "<|endoftext|>");
  refused("gpt2", "/added_tokens", 3, "added_tokens");
  refused("roberta", "/post_processor/cls", Json::array({"<s>"}), "post_processor.cls");
  refused("clip", "/normalizer/normalizers/1/pattern/Regex", "a+", "normalizer.pattern");
  refused("clip", "/normalizer/normalizers/0/type", "Nmt", "normalizer.type");
  refused("clip", "/pre_tokenizer/pretokenizers/0/behavior", "MergedWithNext", "behavior");
  refused("clip", "/pre_tokenizer/pretokenizers/0/pattern", {{"String", " "}}, "pattern");
  for (const char* pattern : {"(?<=a)b", "\\w+", "[\\S]", "a{1,2}+", "^a", "[a[b]]", "[a", "(a"}) {
    refused("clip", "/pre_tokenizer/pretokenizers/0/pattern/Regex", pattern, pattern);
  }
  refused("clip", "/pre_tokenizer/pretokenizers/1/type", "Digits", "pre_tokenizer.type");
  refused("llama", "/padding/direction", "Left", "padding.direction");
  refused("llama", "/post_processor/processors/1/single/0/SpecialToken/id", "<x>",
          "post_processor.single <x>");
  refused("llama", "/post_processor/processors/1/single/1/Sequence/id", "B",
          "post_processor.single");
  refused("llama", "/post_processor/processors/0/type", "Sequence", "post_processor.processors");
}

TEST_CASE("a damaged byte-level file is refused") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "tokenizer.json";
  CHECK_THROWS_WITH(make_byte_level_bpe_tokenizer(file, 8), Catch::Contains("cannot be opened"));
  const std::string whole = test::read_bytes(test::golden(file_of("roberta")));
  for (std::size_t length = 0; length < whole.size(); length += 997) {
    std::ofstream(file, std::ios::binary) << whole.substr(0, length);
    CAPTURE(length);
    CHECK_THROWS_AS(make_byte_level_bpe_tokenizer(file, 8), DataError);
  }
  // A changed byte either makes another valid file or is refused; it never ends the program.
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 101) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x15);
    std::ofstream(file, std::ios::binary) << changed;
    try {
      padded(*make_byte_level_bpe_tokenizer(file, 8), "a photo of <mask>");
    } catch (const Error& error) {
      ++refused;
      CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
  }
  CHECK(refused > 50);
}

TEST_CASE("byte-level tokens of a wrong buffer and bad UTF-8 are refused") {
  const auto tokenizer = make_byte_level_bpe_tokenizer(test::golden(file_of("roberta")), 16);
  Tokens small(10);
  CHECK_THROWS_AS(tokenizer->encode("a", small), DataError);
  CHECK_THROWS_AS(padded(*tokenizer, "a \xFF"), DataError);
}

}  // namespace
}  // namespace helip::data
