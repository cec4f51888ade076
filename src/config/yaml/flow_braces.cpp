#include "config/yaml/flow_braces.h"

#include <algorithm>
#include <cstddef>

namespace helip::config {
namespace {

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool is_blank(char c) { return is_one_of(c, " \t\r\n"); }

// Copies YAML from its beginning to its end and follows quotes, comments and brackets on the way.
class FlowScanner {
 public:
  explicit FlowScanner(std::string_view yaml) : yaml_(yaml) {}

  std::string run() {
    while (at_ < yaml_.size()) {
      if (is_comment()) {
        copy_to(yaml_.find('\n', at_));
      } else if (is_blank(here())) {
        value_begins_ = value_begins_ || here() == '\n';
        copy(1);
      } else if (depth_ == 0) {
        block_text();
      } else {
        flow_text();
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] char here() const { return yaml_[at_]; }
  [[nodiscard]] char before() const { return at_ == 0 ? '\n' : yaml_[at_ - 1]; }
  // Line end after the text's end.
  [[nodiscard]] char after(std::size_t position) const {
    return position + 1 < yaml_.size() ? yaml_[position + 1] : '\n';
  }
  [[nodiscard]] bool is_comment() const { return here() == '#' && is_blank(before()); }

  void copy(std::size_t count) {
    out_ += yaml_.substr(at_, count);
    at_ += count;
  }
  void copy_to(std::size_t end) { copy(std::min(end, yaml_.size()) - at_); }

  // From a quote to the one that closes it.
  void copy_quoted() {
    const char quote = here();
    std::size_t end = at_ + 1;
    while (end < yaml_.size() && yaml_[end] != quote)
      end += quote == '"' && yaml_[end] == '\\' ? 2 : 1;
    copy_to(end >= yaml_.size() ? end : end + 1);
  }

  // Outside of brackets: a bracket opens a list or mapping only where a value begins.
  void block_text() {
    if (is_one_of(here(), "-?:") && is_blank(after(at_))) {
      value_begins_ = true;
      copy(1);
      return;
    }
    const bool begins = value_begins_;
    value_begins_ = false;
    if (begins && is_one_of(here(), "{[")) {
      ++depth_;
      copy(1);
    } else if (begins && is_one_of(here(), "\"'")) {
      copy_quoted();
    } else {
      std::size_t end = at_ + 1;
      while (end < yaml_.size() && !is_blank(yaml_[end]) &&
             !(yaml_[end] == ':' && is_blank(after(end)))) {
        ++end;
      }
      copy_to(end);
    }
  }

  void flow_text() {
    const char c = here();
    if (is_one_of(c, "\"'")) {
      copy_quoted();
    } else if (is_one_of(c, "{}[],:")) {
      if (is_one_of(c, "{[")) ++depth_;
      if (is_one_of(c, "}]")) --depth_;
      copy(1);
    } else {
      plain_value();
    }
  }

  // The end of "{…}" at `open` if it can be part of a word, else 0.
  [[nodiscard]] std::size_t end_of_braces(std::size_t open) const {
    const std::size_t end = yaml_.find_first_of("{}[]\"'# \t\r\n", open + 1);
    return end != std::string_view::npos && yaml_[end] == '}' ? end + 1 : 0;
  }

  void plain_value() {
    bool braces = false;
    std::size_t end = at_;
    while (end < yaml_.size() && !is_one_of(yaml_[end], "}[],\n")) {
      if (yaml_[end] == '{') {
        const std::size_t close = is_blank(yaml_[end - 1]) ? 0 : end_of_braces(end);
        if (close == 0) break;
        braces = true;
        end = close;
        continue;
      }
      if (yaml_[end] == ':' && (is_blank(after(end)) || is_one_of(after(end), "{}[],"))) break;
      if (yaml_[end] == '#' && is_blank(yaml_[end - 1])) break;
      ++end;
    }
    while (is_blank(yaml_[end - 1])) --end;
    const bool quote = braces && yaml_.substr(at_, end - at_).find('\'') == std::string_view::npos;
    if (quote) out_ += '\'';
    copy_to(end);
    if (quote) out_ += '\'';
  }

  std::string_view yaml_;
  std::string out_;
  std::size_t at_ = 0;
  int depth_ = 0;             // of open brackets
  bool value_begins_ = true;  // outside of brackets: what comes next begins a key or value
};

}  // namespace

std::string quote_braces_in_flow(std::string_view yaml) { return FlowScanner(yaml).run(); }

bool has_brace_in_word(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool after_word = i > 0 && !is_blank(line[i - 1]) && !is_one_of(line[i - 1], "{[,:\"'");
    if (is_one_of(line[i], "{[") && after_word) return true;
    const bool before_word =
        i + 1 < line.size() && !is_blank(line[i + 1]) && !is_one_of(line[i + 1], "}],:#");
    if (is_one_of(line[i], "}]") && before_word) return true;
  }
  return false;
}

}  // namespace helip::config
