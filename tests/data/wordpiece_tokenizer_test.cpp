#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "common/error.h"
#include "data/golden_files.h"
#include "data/tokens/tokenizer.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

std::vector<std::int64_t> tokens_of(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::int64_t> tokens(static_cast<std::size_t>(tokenizer.context_length()), -1);
  tokenizer.encode(text, tokens);
  return tokens;
}

TEST_CASE("WordPiece tokens equal those of the tokenizers package") {
  constexpr int kLength = 512;
  const auto cases = test::read_json("wordpiece/cases.json");
  const auto tokenizer =
      make_wordpiece_tokenizer(test::golden("wordpiece/tokenizer.json"), kLength);
  REQUIRE(cases.size() >= 300);
  for (const auto& one : cases) {
    CAPTURE(one.dump());
    auto expected = one.at("tokens").get<std::vector<std::int64_t>>();
    REQUIRE(expected.size() <= kLength);
    expected.resize(kLength, 0);
    CHECK(tokens_of(*tokenizer, one.at("text")) == expected);
  }
}

TEST_CASE("a truncated text keeps [SEP]") {
  for (const int length : {2, 3, 8, 20}) {
    const auto tokenizer =
        make_wordpiece_tokenizer(test::golden("wordpiece/tokenizer.json"), length);
    for (const auto& one : test::read_json("wordpiece/cases.json")) {
      auto expected = one.at("tokens").get<std::vector<std::int64_t>>();
      const std::int64_t end = expected.back();
      const auto size = static_cast<std::size_t>(length);
      if (expected.size() > size) expected[size - 1] = end;
      expected.resize(size, 0);
      CAPTURE(length, one.dump());
      CHECK(tokens_of(*tokenizer, one.at("text")) == expected);
    }
  }
  CHECK_THROWS_AS(make_wordpiece_tokenizer(test::golden("wordpiece/tokenizer.json"), 1),
                  ConfigError);
}

TEST_CASE("vocab.txt gives the tokens of tokenizer.json") {
  const Json definition = test::read_json("wordpiece/tokenizer.json");
  std::vector<std::string> lines(definition.at("model").at("vocab").size());
  for (const auto& [token, id] : definition.at("model").at("vocab").items())
    lines[id.get<std::size_t>()] = token;
  const test::TemporaryFolder folder;
  {
    std::ofstream out(folder.path() / "vocab.txt");
    for (const std::string& line : lines) out << line << '\n';
  }
  const auto from_text = make_wordpiece_tokenizer(folder.path() / "vocab.txt", 64);
  const auto from_json = make_wordpiece_tokenizer(test::golden("wordpiece/tokenizer.json"), 64);
  CHECK(from_text->vocabulary_size() == static_cast<std::int64_t>(lines.size()));
  CHECK(from_json->vocabulary_size() == static_cast<std::int64_t>(lines.size()));
  for (const auto& one : test::read_json("wordpiece/cases.json")) {
    CHECK(tokens_of(*from_text, one.at("text")) == tokens_of(*from_json, one.at("text")));
  }
}

class Edited {
 public:
  Edited() : definition_(test::read_json("wordpiece/tokenizer.json")) {}
  Json& operator()() { return definition_; }
  std::unique_ptr<Tokenizer> open(int length = 16) {
    const auto file = folder_.path() / "tokenizer.json";
    std::ofstream(file) << definition_.dump();
    return make_wordpiece_tokenizer(file, length);
  }

 private:
  test::TemporaryFolder folder_;
  Json definition_;
};

TEST_CASE("a tokenizer.json with features that are not BERT's is refused by name") {
  const auto refused = [](const char* pointer, const Json& value, const char* named) {
    Edited edited;
    edited() = test::with_value(edited(), pointer, value);
    CAPTURE(pointer);
    CHECK_THROWS_AS(edited.open(), DataError);
    CHECK_THROWS_WITH(edited.open(), Catch::Contains(named));
  };
  refused("/model/type", "BPE", "model.type");
  refused("/model/merges", Json::array(), "model.merges");
  refused("/model/continuing_subword_prefix", "@@", "continuing_subword_prefix");
  refused("/model/max_input_chars_per_word", "many", "max_input_chars_per_word");
  refused("/model/unk_token", "<unk>", "<unk>");
  refused("/model/vocab/a", -3, "an id");
  refused("/model/vocab/[PAD]", 7, "an id of its own");
  refused("/normalizer/type", "NFKC", "normalizer.type");
  refused("/normalizer", nullptr, "normalizer");
  refused("/normalizer/lowercase", "yes", "normalizer.lowercase");
  refused("/pre_tokenizer/type", "Whitespace", "pre_tokenizer.type");
  refused("/post_processor/type", "RobertaProcessing", "post_processor.cls");
  refused("/post_processor/type", "Fancy", "post_processor.type");
  refused("/post_processor/single/0/SpecialToken/id", "[MASK]", "post_processor.single [MASK]");
  refused("/post_processor/single/1/Sequence/id", "B", "post_processor.single");
  refused("/added_tokens/0/normalized", true, "normalized");
  refused("/added_tokens/0/single_word", true, "single_word");
  refused("/padding", Json{{"direction", "Left"}, {"pad_id", 0}}, "padding.direction");
  refused("/added_tokens/0/content", "", "added_tokens");
}

TEST_CASE("the normalizer's flags are honoured") {
  Edited cased;
  cased()["normalizer"]["lowercase"] = false;
  cased()["normalizer"]["strip_accents"] = true;
  const auto lower = make_wordpiece_tokenizer(test::golden("wordpiece/tokenizer.json"), 16);
  const auto upper = cased.open();
  CHECK(tokens_of(*upper, "café") == tokens_of(*lower, "CAFÉ"));
  CHECK(tokens_of(*upper, "CAFÉ") != tokens_of(*lower, "CAFÉ"));
  Edited unspaced;
  unspaced()["normalizer"]["handle_chinese_chars"] = false;
  CHECK(tokens_of(*unspaced.open(), "一一") != tokens_of(*lower, "一一"));
}

TEST_CASE("cased, accented and renamed tokenizers equal those of the tokenizers package") {
  const auto texts = test::read_json("wordpiece/cases.json");
  const auto variants = test::read_json("wordpiece/variants.json");
  REQUIRE(variants.size() == 7);
  for (const auto& variant : variants) {
    Edited edited;
    for (const auto& [pointer, value] : variant.at("changes").items()) {
      edited() = test::with_value(edited(), pointer, value);
    }
    const auto tokenizer = edited.open(512);
    const auto& vocabulary = edited()["model"]["vocab"];
    const std::int64_t pad = vocabulary.value("<pad>", vocabulary.value("[PAD]", -1));
    for (const auto& one : variant.at("cases")) {
      const auto& text = texts.at(one.at(0).get<std::size_t>()).at("text");
      auto expected = one.at(1).get<std::vector<std::int64_t>>();
      expected.resize(512, pad);
      CAPTURE(variant.at("name"), text.dump());
      CHECK(tokens_of(*tokenizer, text) == expected);
    }
  }
}

TEST_CASE("a damaged vocabulary file is refused") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "tokenizer.json";
  const auto write = [&](const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  };
  CHECK_THROWS_WITH(make_wordpiece_tokenizer(file, 8), Catch::Contains("cannot be opened"));
  const std::string whole = test::read_bytes(test::golden("wordpiece/tokenizer.json"));
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    write(whole.substr(0, length));
    CAPTURE(length);
    CHECK_THROWS_AS(make_wordpiece_tokenizer(file, 8), DataError);
  }
  write("[PAD]\n[UNK]\n\n[CLS]\n");
  CHECK_THROWS_WITH(make_wordpiece_tokenizer(file, 8), Catch::Contains("line 3"));
  write("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n");
  CHECK_THROWS_WITH(make_wordpiece_tokenizer(file, 8), Catch::Contains("each token once"));
  write("[PAD]\n[UNK]\n[CLS]\n");
  CHECK_THROWS_WITH(make_wordpiece_tokenizer(file, 8), Catch::Contains("[SEP]"));
}

TEST_CASE("WordPiece refuses a wrong buffer and bad UTF-8") {
  const auto tokenizer = make_wordpiece_tokenizer(test::golden("wordpiece/tokenizer.json"), 16);
  std::vector<std::int64_t> small(10);
  CHECK_THROWS_AS(tokenizer->encode("a", small), DataError);
  CHECK_THROWS_AS(tokens_of(*tokenizer, "a \xFF"), DataError);
}

}  // namespace
}  // namespace helip::data
