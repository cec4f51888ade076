// Names the tokenizers that a model's description can ask for. Torch-free.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace helip::model {

enum class TokenizerKind : std::uint8_t {
  kWordpiece,     // "wordpiece": BERT's
  kClipBpe,       // "clip_bpe": CLIP's, as OpenCLIP's
  kByteLevelBpe,  // "byte_level_bpe": GPT-2, RoBERTa, …
};

// Returns the kind's name in descriptions.
std::string_view name_of(TokenizerKind kind);

// Returns the kind of that name; nothing if there is none.
std::optional<TokenizerKind> find_tokenizer_kind(std::string_view name);

}  // namespace helip::model
