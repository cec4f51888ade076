// Tokenizers. Immutable after construction; safe from many threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace helip::data {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  [[nodiscard]] virtual int context_length() const = 0;
  [[nodiscard]] virtual std::int64_t vocabulary_size() const = 0;
  // Writes the tokens of one text into `out`, [L] with L = context_length(), padded with the
  // vocabulary's padding (0 for CLIP's; a truncated text keeps the end token as its last token).
  // Throws DataError if the text is not UTF-8 or `out` has another length.
  virtual void encode(std::string_view text, std::span<std::int64_t> out) const = 0;
};

// Opens CLIP's byte-pair encoding, equal to open_clip's SimpleTokenizer. `vocabulary` is
// bpe_simple_vocab_16e6.txt.gz. Throws DataError if the file is missing, damaged or another
// vocabulary; ConfigError if context_length is below 2.
std::unique_ptr<Tokenizer> make_clip_tokenizer(const std::filesystem::path& vocabulary,
                                               int context_length = 77);

// Returns the path of CLIP's vocabulary: $HELIP_BPE_VOCAB if that is set and not empty, else the
// file in PROGRAM_FOLDER/../share/helip/. Throws ConfigError naming the path if there is no file.
std::filesystem::path default_clip_vocabulary();

// Opens BERT's WordPiece: [CLS] … [SEP]. `vocabulary` is vocab.txt (lower-cased) or a Hugging Face
// tokenizer.json, equal to the `tokenizers` package. Throws DataError for a damaged file or a
// feature that is not BERT's; ConfigError if context_length is too small for the special tokens.
std::unique_ptr<Tokenizer> make_wordpiece_tokenizer(const std::filesystem::path& vocabulary,
                                                    int context_length);

// Opens the byte-level BPE of a Hugging Face tokenizer.json (GPT-2, RoBERTa, CLIP), equal to the
// `tokenizers` package with truncation to the context length. Padding is `pad_id` if it is given,
// else the file's, else the file's token [PAD] or <pad>. Throws DataError for a damaged file or,
// naming the field, for what is not implemented; ConfigError if nothing gives the padding or
// context_length is too small for the special tokens.
std::unique_ptr<Tokenizer> make_byte_level_bpe_tokenizer(const std::filesystem::path& file,
                                                         int context_length,
                                                         std::optional<std::int64_t> pad_id = {});

// Returns `text` without some of its words: leaves out each word with the given probability, but
// keeps at least one. The draws are a function of the four keys. Words that stay are joined by
// single spaces; a text of fewer than two words, and any text at probability 0, stays as it is.
// Throws ConfigError if the probability is not in [0, 1].
std::string drop_words(std::string_view text, double probability, std::uint64_t seed,
                       std::uint64_t epoch, std::uint64_t sample, std::uint64_t slot);

}  // namespace helip::data
