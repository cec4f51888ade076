// Opens the tokenizer of a model. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "data/tokens/tokenizer.h"
#include "model/files/tokenizer_kind.h"

namespace helip::model {

struct TokenizerSource {
  TokenizerKind kind = TokenizerKind::kClipBpe;
  std::filesystem::path file = {};  // empty: CLIP's vocabulary that is installed with HELIP
  int context_length = 77;
  // Rows of the token embedding; nothing where they are not known, as in TorchScript towers.
  std::optional<std::int64_t> vocab_size = {};
  std::optional<std::int64_t> pad_id = {};  // of byte_level_bpe, where the file does not say
};

// Returns the tokenizer. Throws ConfigError if it has more tokens than the model embeds, or if no
// vocabulary is named or installed. Builds of the engine alone have no tokenizers: there the result
// throws on encode().
std::unique_ptr<data::Tokenizer> open_tokenizer(const TokenizerSource& source);
// Returns false in builds of the engine alone.
bool has_tokenizers();

}  // namespace helip::model
