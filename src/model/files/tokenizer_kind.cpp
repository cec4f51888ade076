#include "model/files/tokenizer_kind.h"

#include <algorithm>
#include <array>
#include <utility>

namespace helip::model {
namespace {

constexpr std::array<std::pair<TokenizerKind, std::string_view>, 3> kNames = {
    {{TokenizerKind::kWordpiece, "wordpiece"},
     {TokenizerKind::kClipBpe, "clip_bpe"},
     {TokenizerKind::kByteLevelBpe, "byte_level_bpe"}}};

}  // namespace

std::string_view name_of(TokenizerKind kind) {
  return std::ranges::find(kNames, kind, [](const auto& entry) { return entry.first; })->second;
}

std::optional<TokenizerKind> find_tokenizer_kind(std::string_view name) {
  for (const auto& [kind, known] : kNames) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

}  // namespace helip::model
