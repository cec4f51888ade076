// The tokenizer of a model. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "data/tokenizer.h"

namespace helip::model {

struct TokenizerSource {
  std::string kind;            // wordpiece | clip_bpe
  std::filesystem::path file;  // empty: CLIP's vocabulary that is installed with HELIP
  int context_length = 77;
  std::int64_t vocab_size = 0;  // rows of the token embedding; 0: not known (locked towers)
};

// Throws ConfigError if the tokenizer has more tokens than the model embeds. Builds of the engine
// alone have no tokenizers: there the result throws on encode().
std::unique_ptr<data::Tokenizer> open_tokenizer(const TokenizerSource& source);

}  // namespace helip::model
