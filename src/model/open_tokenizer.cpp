#include "model/open_tokenizer.h"

#include "common/error.h"
#include "common/text.h"

namespace helip::model {

std::unique_ptr<data::Tokenizer> open_tokenizer(const TokenizerSource& source) {
  const std::filesystem::path file =
      source.file.empty() ? data::default_clip_vocabulary() : source.file;
  std::unique_ptr<data::Tokenizer> tokenizer =
      source.kind == "wordpiece" ? data::make_wordpiece_tokenizer(file, source.context_length)
                                 : data::make_clip_tokenizer(file, source.context_length);
  if (source.vocab_size != 0 && tokenizer->vocabulary_size() > source.vocab_size) {
    throw ConfigError({.what = "the tokenizer has more tokens than the model embeds",
                       .where = file.string(),
                       .expected = cat("at most text_cfg.vocab_size ", source.vocab_size),
                       .found = cat(tokenizer->vocabulary_size())});
  }
  return tokenizer;
}

}  // namespace helip::model
