#include <algorithm>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/rng.h"
#include "common/text.h"
#include "data/text/unicode_text.h"
#include "data/tokens/tokenizer.h"

namespace helip::data {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char32_t c : decode_utf8(text)) {
    if (is_white_space(c)) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    append_utf8(words.back(), c);
  }
  return words;
}

}  // namespace

std::string drop_words(std::string_view text, double probability, std::uint64_t seed,
                       std::uint64_t epoch, std::uint64_t sample, std::uint64_t slot) {
  if (!(probability >= 0.0 && probability <= 1.0)) {
    throw ConfigError({"word dropout is not a probability", "", "0 to 1", cat(probability)});
  }
  if (probability == 0.0) return std::string(text);
  const std::vector<std::string> words = words_of(text);
  if (words.size() < 2) return std::string(text);

  RandomStream stream(seed, "word_dropout", {epoch, sample, slot});
  std::vector<bool> keep(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) keep[i] = stream.uniform() >= probability;
  if (std::find(keep.begin(), keep.end(), true) == keep.end())
    keep[stream.below(words.size())] = true;

  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!keep[i]) continue;
    if (!out.empty()) out.push_back(' ');
    out += words[i];
  }
  return out;
}

}  // namespace helip::data
