#include "model/open_tokenizer.h"

#include <catch2/catch.hpp>
#include <vector>

#include "common/error.h"
#include "data/tokens/tokenizer.h"
#include "golden_file.h"

using namespace helip;
using namespace helip::model;

TEST_CASE("a model's tokenizer is opened by its kind") {
  const auto words = open_tokenizer({.kind = TokenizerKind::kWordpiece,
                                     .file = test::golden("locked_towers/vocab.txt"),
                                     .context_length = 9});
  std::vector<std::int64_t> tokens(9);
  words->encode("a red cat", tokens);
  CHECK(tokens == std::vector<std::int64_t>{2, 5, 6, 7, 3, 0, 0, 0, 0});

  const auto pieces = open_tokenizer(
      {.kind = TokenizerKind::kClipBpe, .file = {}, .context_length = 5, .vocab_size = 49408});
  tokens.resize(5);
  pieces->encode("a photo of", tokens);
  CHECK(tokens == std::vector<std::int64_t>{49406, 320, 1125, 539, 49407});
}

TEST_CASE("a tokenizer with more tokens than the model embeds is refused") {
  const std::string message = test::message_of<ConfigError>([] {
    open_tokenizer(
        {.kind = TokenizerKind::kClipBpe, .file = {}, .context_length = 16, .vocab_size = 514});
  });
  CHECK(message.find("514") != std::string::npos);
  CHECK(message.find("49408") != std::string::npos);
}
