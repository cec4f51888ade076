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
  // Tokens of one text into `out` [context_length], padded with the vocabulary's padding (0 for
  // CLIP's; truncated texts keep the end token as the last). Throws DataError if the text is not
  // UTF-8 or `out` has another length.
  virtual void encode(std::string_view text, std::span<std::int64_t> out) const = 0;
};

// CLIP's byte-pair encoding, equal to open_clip's SimpleTokenizer. `vocabulary` is
// bpe_simple_vocab_16e6.txt.gz. Throws DataError if the file is missing, damaged or another
// vocabulary.
std::unique_ptr<Tokenizer> make_clip_tokenizer(const std::filesystem::path& vocabulary,
                                               int context_length = 77);

// Where the programs keep CLIP's vocabulary: $HELIP_BPE_VOCAB, else PROGRAM_FOLDER/../share/helip/.
// Throws ConfigError naming the places if there is none.
std::filesystem::path default_clip_vocabulary();

// BERT's WordPiece: [CLS] … [SEP]. `vocabulary` is vocab.txt (lower-cased) or a Hugging Face
// tokenizer.json, equal to the `tokenizers` package. Throws DataError for a damaged file or a
// feature that is not BERT's.
std::unique_ptr<Tokenizer> make_wordpiece_tokenizer(const std::filesystem::path& vocabulary,
                                                    int context_length);

// Byte-level BPE of a Hugging Face tokenizer.json (GPT-2, RoBERTa, CLIP), equal to the `tokenizers`
// package with truncation to the context length. Padding is the file's, else its <pad> or [PAD],
// else `pad_id`. Throws DataError for a damaged file or, naming the field, for what is not
// implemented; ConfigError if nothing names the padding.
std::unique_ptr<Tokenizer> make_byte_level_bpe_tokenizer(const std::filesystem::path& file,
                                                         int context_length,
                                                         std::optional<std::int64_t> pad_id = {});

// Leaves out each word with the given probability, keyed; at least one word stays.
std::string drop_words(std::string_view text, double probability, std::uint64_t seed,
                       std::uint64_t epoch, std::uint64_t sample, std::uint64_t slot);

}  // namespace helip::data
