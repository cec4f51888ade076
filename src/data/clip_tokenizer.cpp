#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringpiece.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "common/error.h"
#include "common/text.h"
#include "data/byte_pair_encoding.h"
#include "data/tokenizer.h"
#include "data/unicode_text.h"

namespace helip::data {
namespace {

constexpr const char* kVocabularyName = "bpe_simple_vocab_16e6.txt.gz";

// Cleaned text holds no white space but the space, so the last class needs no \s, whose members
// differ between engines.
constexpr std::string_view kPattern =
    R"(<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^ \p{L}\p{N}\x{345}]+)";

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

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

std::string pcre2_message(int error) {
  PCRE2_UCHAR text[256] = {};
  pcre2_get_error_message(error, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

class ClipTokenizer final : public Tokenizer {
 public:
  ClipTokenizer(const std::filesystem::path& vocabulary, int context_length)
      : encoding_(vocabulary), context_length_(context_length) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    pattern_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern.data()), kPattern.size(),
                                 PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS, &error, &offset, nullptr));
    if (!pattern_) {
      throw DataError(
          {"the tokenizer's pattern does not compile", "PCRE2", "", pcre2_message(error)});
    }
    // Without a JIT the interpreter gives the same matches.
    pcre2_jit_compile(pattern_.get(), PCRE2_JIT_COMPLETE);
  }

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
    const std::unique_ptr<pcre2_match_data, FreeMatch> match(pcre2_match_data_create(1, nullptr));
    if (!match) throw std::bad_alloc();
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    for (std::size_t position = 0; position < text.size() && tokens.size() <= enough;) {
      const int found = pcre2_match(pattern_.get(), subject, text.size(), position,
                                    PCRE2_NO_UTF_CHECK, match.get(), nullptr);
      if (found == PCRE2_ERROR_NOMATCH) break;
      if (found < 0)
        throw DataError({"text cannot be split into words", "PCRE2", "", pcre2_message(found)});
      const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
      const std::string_view word = std::string_view(text).substr(bounds[0], bounds[1] - bounds[0]);
      if (word == "<start_of_text>") {
        tokens.push_back(kStart);
      } else if (word == "<end_of_text>") {
        tokens.push_back(kEnd);
      } else {
        encoding_.encode(word, tokens);
      }
      position = bounds[1];
    }
  }

  BytePairEncoding encoding_;
  int context_length_;
  std::unique_ptr<pcre2_code, FreeCode> pattern_;
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
