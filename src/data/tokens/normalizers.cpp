#include "data/tokens/normalizers.h"

#include <utility>

#include "common/text.h"
#include "data/text/unicode_text.h"

namespace helip::data {
namespace {

// GPT-2's words.
constexpr std::string_view kByteLevelPattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kWhiteSpacePattern = R"(\s+)";

std::string lower_case(const std::string& text) {
  std::u32string lower;
  for (const char32_t c : decode_utf8(text)) append_lower(lower, c);
  return encode_utf8(lower);
}

std::string stripped(const std::string& text, bool left, bool right) {
  const std::u32string wide = decode_utf8(text);
  std::u32string_view rest = wide;
  while (left && !rest.empty() && is_unicode_space(rest.front())) rest.remove_prefix(1);
  while (right && !rest.empty() && is_unicode_space(rest.back())) rest.remove_suffix(1);
  return encode_utf8(rest);
}

std::string replaced(const std::string& text, const std::string& what, const std::string& by) {
  std::string result;
  std::size_t begin = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, begin)) {
    result.append(text, begin, at - begin).append(by);
    begin = at + what.size();
  }
  return result.append(text, begin);
}

std::string replaced_spaces(const std::string& text, const std::string& by) {
  std::string result;
  bool in_spaces = false;
  for (const char32_t c : decode_utf8(text)) {
    const bool space = is_unicode_space(c);
    if (space && !in_spaces) result += by;
    if (!space) append_utf8(result, c);
    in_spaces = space;
  }
  return result;
}

std::function<std::string(std::string)> read_replace(const TokenizerJson& json, const Json& step) {
  const Json pattern = step.value("pattern", Json());
  const std::string by = json.text(step, "normalizer.content", "content");
  if (pattern == Json{{"Regex", kWhiteSpacePattern}}) {
    return [by](const std::string& text) { return replaced_spaces(text, by); };
  }
  const Json what = pattern.is_object() ? pattern.value("String", Json()) : Json();
  if (!what.is_string() || what == "") {
    json.fail("normalizer.pattern", R"({"String": text} or {"Regex": "\\s+"})", pattern);
  }
  return [by, what = what.get<std::string>()](const std::string& text) {
    return replaced(text, what, by);
  };
}

void append_steps(const TokenizerJson& json, const Json& step, Normalizer& steps) {
  const Json type = step.is_object() ? step.value("type", Json()) : Json();
  const auto form = [&](NormalForm which) {
    steps.emplace_back([which](const std::string& text) { return normalize(text, which); });
  };
  if (type == "Sequence" && step.value("normalizers", Json()).is_array()) {
    for (const Json& one : step["normalizers"]) {
      if (one.is_object() && one.value("type", Json()) == "Sequence") {
        json.fail("normalizer.normalizers", "no Sequence in a Sequence", one);
      }
      append_steps(json, one, steps);
    }
  } else if (type == "NFC") {
    form(NormalForm::kNfc);
  } else if (type == "NFD") {
    form(NormalForm::kNfd);
  } else if (type == "NFKC") {
    form(NormalForm::kNfkc);
  } else if (type == "Lowercase") {
    steps.emplace_back([](const std::string& text) { return lower_case(text); });
  } else if (type == "Replace") {
    steps.push_back(read_replace(json, step));
  } else if (type == "Strip") {
    const bool left = json.flag(step, "normalizer.strip_left", "strip_left");
    const bool right = json.flag(step, "normalizer.strip_right", "strip_right");
    steps.emplace_back(
        [left, right](const std::string& text) { return stripped(text, left, right); });
  } else {
    json.fail("normalizer.type", "NFC, NFD, NFKC, Lowercase, Strip, Replace or a Sequence", type);
  }
}

}  // namespace

Normalizer read_normalizer(const TokenizerJson& json) {
  Normalizer steps;
  const Json normalizer = json.root().value("normalizer", Json());
  if (!normalizer.is_null()) append_steps(json, normalizer, steps);
  return steps;
}

std::string normalized(const Normalizer& normalizer, std::string_view text) {
  std::string result(text);
  for (const auto& step : normalizer) result = step(std::move(result));
  return result;
}

PreTokenizer::PreTokenizer(const TokenizerJson& json) {
  const Json& given = json.object(json.root(), "pre_tokenizer");
  const bool several = given.value("type", Json()) == "Sequence";
  const Json list = several ? given.value("pretokenizers", Json()) : Json::array({given});
  if (!list.is_array()) json.fail("pre_tokenizer.pretokenizers", "a list", list);
  for (const Json& step : list) read_step(json, step);
  const Json last = list.empty() ? Json() : list.back().value("type", Json());
  if (last != "ByteLevel") json.fail("pre_tokenizer.type", "ByteLevel as the last step", last);
}

void PreTokenizer::read_step(const TokenizerJson& json, const Json& step) {
  const Json type = step.is_object() ? step.value("type", Json()) : Json();
  Step& read = steps_.emplace_back();
  if (type == "ByteLevel") {
    read.prefix_space = json.flag(step, "pre_tokenizer.add_prefix_space", "add_prefix_space");
    if (json.flag(step, "pre_tokenizer.use_regex", "use_regex", true)) {
      read.pattern.push_back(Pattern::of_tokenizer(kByteLevelPattern));
    }
    return;
  }
  if (type != "Split") json.fail("pre_tokenizer.type", "Split or ByteLevel", type);
  const Json pattern = step.value("pattern", Json());
  const Json expression = pattern.is_object() ? pattern.value("Regex", Json()) : Json();
  if (!expression.is_string()) json.fail("pre_tokenizer.pattern", "a Regex", pattern);
  read.pattern.push_back(Pattern::of_tokenizer(expression.get<std::string>()));
  const std::string behavior = json.text(step, "pre_tokenizer.behavior", "behavior");
  if (behavior != "Removed" && behavior != "Isolated") {
    json.fail("pre_tokenizer.behavior", "Removed or Isolated", behavior);
  }
  const bool invert = json.flag(step, "pre_tokenizer.invert", "invert", false);
  read.keep_matches = behavior == "Isolated" || invert;
  read.keep_gaps = behavior == "Isolated" || !invert;
}

void PreTokenizer::split(std::string_view section,
                         const std::function<bool(std::string_view)>& word) const {
  if (!section.empty()) apply(0, section, word);
}

bool PreTokenizer::apply(std::size_t step, std::string_view piece,
                         const std::function<bool(std::string_view)>& word) const {
  if (step == steps_.size()) return word(piece);
  const Step& now = steps_[step];
  std::string spaced;
  if (now.prefix_space && piece.front() != ' ') {
    spaced = cat(" ", piece);
    piece = spaced;
  }
  if (now.pattern.empty()) return apply(step + 1, piece, word);
  bool wanted = true;
  std::size_t done = 0;
  const auto hand_on = [&](std::size_t begin, std::size_t end, bool kept) {
    if (wanted && kept && begin < end) {
      wanted = apply(step + 1, piece.substr(begin, end - begin), word);
    }
    return wanted;
  };
  now.pattern.front().for_each(piece, [&](std::size_t begin, std::size_t end) {
    hand_on(done, begin, now.keep_gaps);
    done = end;
    return hand_on(begin, end, now.keep_matches);
  });
  return hand_on(done, piece.size(), now.keep_gaps);
}

}  // namespace helip::data
