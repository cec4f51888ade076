#include "model/open_tokenizer.h"

#include "common/error.h"
#include "common/text.h"

namespace helip::model {

namespace {

std::unique_ptr<data::Tokenizer> make_tokenizer(const TokenizerSource& source,
                                                const std::filesystem::path& file) {
  switch (source.kind) {
    case TokenizerKind::kWordpiece:
      return data::make_wordpiece_tokenizer(file, source.context_length);
    case TokenizerKind::kByteLevelBpe:
      return data::make_byte_level_bpe_tokenizer(file, source.context_length, source.pad_id);
    case TokenizerKind::kClipBpe:
      break;
  }
  return data::make_clip_tokenizer(file, source.context_length);
}

}  // namespace

std::unique_ptr<data::Tokenizer> open_tokenizer(const TokenizerSource& source) {
  const std::filesystem::path file =
      source.file.empty() ? data::default_clip_vocabulary() : source.file;
  std::unique_ptr<data::Tokenizer> tokenizer = make_tokenizer(source, file);
  if (source.vocab_size && tokenizer->vocabulary_size() > *source.vocab_size) {
    throw ConfigError({.what = "the tokenizer has more tokens than the model embeds",
                       .where = file.string(),
                       .expected = cat("at most text_cfg.vocab_size ", *source.vocab_size),
                       .found = cat(tokenizer->vocabulary_size())});
  }
  return tokenizer;
}

bool has_tokenizers() { return true; }

}  // namespace helip::model
