// In builds of the engine alone: no PCRE2, no ICU, so no tokenizers.
#include "common/error.h"
#include "model/open_tokenizer.h"

namespace helip::model {
namespace {

class AbsentTokenizer final : public data::Tokenizer {
 public:
  explicit AbsentTokenizer(const TokenizerSource& source)
      : context_length_(source.context_length), vocabulary_size_(source.vocab_size.value_or(0)) {}

  [[nodiscard]] int context_length() const override { return context_length_; }
  [[nodiscard]] std::int64_t vocabulary_size() const override { return vocabulary_size_; }
  void encode(std::string_view /*text*/, std::span<std::int64_t> /*out*/) const override {
    throw ConfigError({.what = "a build of the engine alone has no tokenizer",
                       .expected = "features or tokens made by a full build"});
  }

 private:
  int context_length_;
  std::int64_t vocabulary_size_;
};

}  // namespace

std::unique_ptr<data::Tokenizer> open_tokenizer(const TokenizerSource& source) {
  return std::make_unique<AbsentTokenizer>(source);
}

bool has_tokenizers() { return false; }

}  // namespace helip::model
