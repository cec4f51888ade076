#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "data/text/unicode_text.h"
#include "data/tokens/added_tokens.h"
#include "data/tokens/byte_level_vocabulary.h"
#include "data/tokens/normalizers.h"
#include "data/tokens/tokenizer.h"
#include "data/tokens/tokenizer_json.h"

namespace helip::data {
namespace {

// Tokens that are looked for in the raw text, or, by their normalised content, in the normalised
// one.
std::vector<AddedToken> found_in(const std::vector<AddedToken>& all, bool normalised,
                                 const Normalizer& normalizer) {
  std::vector<AddedToken> tokens;
  for (AddedToken token : all) {
    if (token.normalized != normalised) continue;
    if (normalised) token.content = normalized(normalizer, token.content);
    if (!token.content.empty()) tokens.push_back(std::move(token));
  }
  return tokens;
}

class ByteLevelBpeTokenizer final : public Tokenizer {
 public:
  ByteLevelBpeTokenizer(const TokenizerJson& json, int context_length,
                        std::optional<std::int64_t> pad_id)
      : vocabulary_(json),
        normalizer_(read_normalizer(json)),
        pre_tokenizer_(json),
        raw_(found_in(json.added_tokens(), false, normalizer_)),
        normalised_(found_in(json.added_tokens(), true, normalizer_)),
        special_(json.special_tokens(json.root().value("post_processor", Json()))),
        size_(vocabulary_.size()),
        context_length_(context_length) {
    for (const AddedToken& token : json.added_tokens()) size_ = std::max(size_, token.id + 1);
    check_context_length(special_, context_length);
    const auto of_file = json.padding(vocabulary_.ids());
    const auto padding = pad_id ? pad_id : of_file;
    if (!padding || *padding >= size_) {
      throw ConfigError({"the tokenizer's padding is not known", "tokenizer.pad_id",
                         cat("an id below ", size_), padding ? cat(*padding) : "nothing"});
    }
    pad_ = *padding;
  }

  [[nodiscard]] int context_length() const override { return context_length_; }
  [[nodiscard]] std::int64_t vocabulary_size() const override { return size_; }

  void encode(std::string_view text, std::span<std::int64_t> out) const override {
    const auto length = static_cast<std::size_t>(context_length_);
    if (out.size() != length) {
      throw DataError({"token buffer has another length", "", cat(length), cat(out.size())});
    }
    decode_utf8(text);  // or it throws
    const std::size_t enough = length - special_.after.size();
    std::vector<std::int64_t> tokens = special_.before;
    const auto add = [&](std::int64_t id) { tokens.push_back(id); };
    raw_.split(
        text,
        [&](std::string_view section) {
          const std::string normal = normalized(normalizer_, section);
          normalised_.split(
              normal, [&](std::string_view piece) { encode_piece(piece, enough, tokens); }, add);
        },
        add);
    if (tokens.size() > enough) tokens.resize(enough);
    tokens.insert(tokens.end(), special_.after.begin(), special_.after.end());
    std::fill(std::copy(tokens.begin(), tokens.end(), out.begin()), out.end(), pad_);
  }

 private:
  void encode_piece(std::string_view piece, std::size_t enough,
                    std::vector<std::int64_t>& tokens) const {
    if (tokens.size() >= enough) return;
    pre_tokenizer_.split(piece, [&](std::string_view word) {
      vocabulary_.encode(word, tokens);
      return tokens.size() < enough;
    });
  }

  ByteLevelVocabulary vocabulary_;
  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  AddedTokens raw_;
  AddedTokens normalised_;
  SpecialTokens special_;
  std::int64_t size_;  // highest id + 1
  std::int64_t pad_ = 0;
  int context_length_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_byte_level_bpe_tokenizer(const std::filesystem::path& file,
                                                         int context_length,
                                                         std::optional<std::int64_t> pad_id) {
  const TokenizerJson json(file, read_vocabulary_file(file), "byte-level BPE");
  return std::make_unique<ByteLevelBpeTokenizer>(json, context_length, pad_id);
}

}  // namespace helip::data
