#include "data/text/mojibake_signs.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <vector>

#include "data/text/mojibake.h"
#include "data/text/unicode_text.h"

namespace helip::data {
namespace {

std::uint64_t sets_of(char32_t c) {
  if (const MojibakeCharacter* known = find_mojibake_character(c)) return known->sets;
  const MojibakeSets unlisted = mojibake_sets();
  std::uint64_t sets = unlisted.other;
  constexpr std::uint32_t kWord = U_GC_L_MASK | U_GC_N_MASK;
  if ((U_GET_GC_MASK(static_cast<UChar32>(c)) & kWord) != 0) sets |= unlisted.word;
  if (is_white_space(c)) sets |= unlisted.space;
  return sets;
}

bool is_end(const MojibakeStep& step) { return step.literal == 0 && step.sets == 0; }

// Whether the sign stands at the beginning of `text`, whose characters belong to `sets`.
bool stands_here(const MojibakeSign& sign, std::u32string_view text, const std::uint64_t* sets) {
  for (std::size_t i = 0; i < sign.steps.size() && !is_end(sign.steps[i]); ++i) {
    const MojibakeStep& step = sign.steps[i];
    if (i == text.size()) return false;
    if (step.literal != 0 ? text[i] != step.literal : (sets[i] & step.sets) == 0) return false;
  }
  return true;
}

}  // namespace

const MojibakeCharacter* find_mojibake_character(char32_t c) {
  const auto table = mojibake_characters();
  if (c < 0x80) return &table[c];
  const auto found = std::lower_bound(
      table.begin(), table.end(), c,
      [](const MojibakeCharacter& known, char32_t wanted) { return known.character < wanted; });
  return found != table.end() && found->character == c ? &*found : nullptr;
}

bool looks_like_mojibake(std::u32string_view text) {
  // No sign is of ASCII alone.
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; })) return false;
  std::vector<std::uint64_t> sets(text.size());
  std::transform(text.begin(), text.end(), sets.begin(), sets_of);
  const auto signs = mojibake_signs();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool found = std::any_of(signs.begin(), signs.end(), [&](const MojibakeSign& sign) {
      return (i == 0 || !sign.at_start) && stands_here(sign, text.substr(i), sets.data() + i);
    });
    if (found) return true;
  }
  return false;
}

}  // namespace helip::data
