#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringpiece.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "common/error.h"
#include "common/text.h"
#include "data/text/clean_text.h"
#include "data/text/unicode_text.h"
#include "data/tokens/byte_pair_encoding.h"
#include "data/tokens/regex.h"
#include "data/tokens/tokenizer.h"

namespace helip::data {
namespace {

constexpr const char* kVocabularyName = "bpe_simple_vocab_16e6.txt.gz";

// Cleaned text holds no white space but the space, so the last class needs no \s, whose members
// differ between engines.
constexpr std::string_view kPattern =
    R"(<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^ \p{L}\p{N}\x{345}]+)";

std::string lower_case(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  std::string lower;
  icu::StringByteSink<std::string> sink(&lower);
  icu::CaseMap::utf8ToLower("", 0,
                            icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())),
                            sink, nullptr, status);
  if (U_FAILURE(status)) {
    throw DataError({"text cannot be lower-cased", "ICU", "", u_errorName(status)});
  }
  return lower;
}

class ClipTokenizer final : public Tokenizer {
 public:
  ClipTokenizer(const std::filesystem::path& vocabulary, int context_length)
      : encoding_(vocabulary),
        context_length_(context_length),
        pattern_(kPattern, /*ignore_case=*/true) {}

  [[nodiscard]] int context_length() const override { return context_length_; }
  [[nodiscard]] std::int64_t vocabulary_size() const override { return kEnd + 1; }

  void encode(std::string_view text, std::span<std::int64_t> out) const override {
    const auto length = static_cast<std::size_t>(context_length_);
    if (out.size() != length) {
      throw DataError({"token buffer has another length", "", cat(length), cat(out.size())});
    }
    std::vector<std::int64_t> tokens = {kStart};
    // One token more than fits tells that the text is truncated.
    encode_words(lower_case(clean_text(text)), length, tokens);
    tokens.push_back(kEnd);
    if (tokens.size() > length) {
      tokens.resize(length);
      tokens.back() = kEnd;
    }
    std::fill(std::copy(tokens.begin(), tokens.end(), out.begin()), out.end(), 0);
  }

 private:
  static constexpr std::int64_t kStart = BytePairEncoding::kSymbols;
  static constexpr std::int64_t kEnd = kStart + 1;

  void encode_words(const std::string& text, std::size_t enough,
                    std::vector<std::int64_t>& tokens) const {
    pattern_.for_each(text, [&](std::size_t begin, std::size_t end) {
      const std::string_view word = std::string_view(text).substr(begin, end - begin);
      if (word == "<start_of_text>") {
        tokens.push_back(kStart);
      } else if (word == "<end_of_text>") {
        tokens.push_back(kEnd);
      } else {
        encoding_.encode(word, tokens);
      }
      return tokens.size() <= enough;
    });
  }

  BytePairEncoding encoding_;
  int context_length_;
  Pattern pattern_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_clip_tokenizer(const std::filesystem::path& vocabulary,
                                               int context_length) {
  if (context_length < 2) {
    throw ConfigError(
        {"context length is too small", "tokenizer", "at least 2", cat(context_length)});
  }
  return std::make_unique<ClipTokenizer>(vocabulary, context_length);
}

std::filesystem::path default_clip_vocabulary() {
  if (const char* named = std::getenv("HELIP_BPE_VOCAB"); named != nullptr && *named != '\0') {
    if (std::filesystem::is_regular_file(named)) return named;
    throw ConfigError({"CLIP's vocabulary is missing", "HELIP_BPE_VOCAB", kVocabularyName, named});
  }
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  const std::filesystem::path file =
      (program.parent_path() / ".." / "share" / "helip" / kVocabularyName).lexically_normal();
  if (std::filesystem::is_regular_file(file)) return file;
  throw ConfigError({"CLIP's vocabulary is missing", file.string(),
                     cat(kVocabularyName, " there or in HELIP_BPE_VOCAB"), ""});
}

}  // namespace helip::data
