#include "config/yaml/parse_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/yaml/flow_braces.h"

namespace helip::config {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr const char* kQuotes = "quotes around a value that holds { } [ or ]";

// `line` counts from 0. An override has no lines.
std::string where_of(const std::string& origin, bool with_lines, int line) {
  return with_lines ? cat(origin, ":", line + 1) : origin;
}

std::string_view line_of(std::string_view text, int line) {
  for (; line > 0 && text.find('\n') != std::string_view::npos; --line) {
    text.remove_prefix(text.find('\n') + 1);
  }
  return text.substr(0, text.find('\n'));
}

// Builds the tree from the parser's events, so that each value keeps its line and nothing that the
// parser would resolve or drop silently (aliases, tags, duplicate keys) goes unseen.
class TreeBuilder final : public YAML::EventHandler {
 public:
  // `origin` with lines for a file; without for an override, which has one line.
  TreeBuilder(const std::string& origin, bool with_lines)
      : origin_(origin), with_lines_(with_lines) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add(scalar(mark, "", false));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, "aliases are not allowed");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    // "?" is a plain scalar, "!" one in quotes or a block.
    if (tag != "?" && tag != "!" && !tag.empty()) refuse(mark, "tags are not allowed", tag);
    add(scalar(mark, value, tag == "!"));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode::Kind::kMapping);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] YamlNode take_root() { return std::move(root_); }

  [[nodiscard]] std::string where(int line) const { return where_of(origin_, with_lines_, line); }

 private:
  struct Open {
    YamlNode node;
    bool has_key = false;  // of a mapping: its key was read, its value is next
    std::string key_where;
  };

  YamlNode scalar(const YAML::Mark& mark, const std::string& text, bool quoted) const {
    YamlNode node;
    node.where = where(mark.line);
    node.text = text;
    node.quoted = quoted;
    return node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    if (tag != "?" && tag != "!" && !tag.empty()) refuse(mark, "tags are not allowed", tag);
    if (open_.size() >= kMaxDepth) {
      refuse(mark, "nested too deeply", {}, cat("at most ", kMaxDepth, " levels"));
    }
    if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::kMapping &&
        !open_.back().has_key) {
      refuse(mark, "a key must be text, or a bracket is not closed");
    }
    Open next;
    next.node.kind = kind;
    next.node.where = where(mark.line);
    open_.push_back(std::move(next));
  }

  void close() {
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kMapping) {
      if (!parent.has_key) {
        add_key(parent, node);
        return;
      }
      // A value is named by its key's line, where a person looks for it.
      node.where = parent.key_where;
      parent.has_key = false;
    }
    parent.node.items.push_back(std::move(node));
  }

  static void add_key(Open& parent, const YamlNode& key) {
    const auto& keys = parent.node.keys;
    const auto same = std::find(keys.begin(), keys.end(), key.text);
    if (same != keys.end()) {
      const auto first = static_cast<std::size_t>(same - keys.begin());
      throw ConfigError({.what = "duplicate key",
                         .where = key.where + ": " + key.text,
                         .expected = "each key once",
                         .found = "the first at " + parent.node.items[first].where});
    }
    parent.node.keys.push_back(key.text);
    parent.key_where = key.where;
    parent.has_key = true;
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != 0) refuse(mark, "anchors are not allowed");
  }

  [[noreturn]] void refuse(const YAML::Mark& mark, std::string what, std::string found = {},
                           std::string expected = {}) const {
    throw ConfigError({.what = std::move(what),
                       .where = where(mark.line),
                       .expected = std::move(expected),
                       .found = std::move(found)});
  }

  const std::string& origin_;
  bool with_lines_;
  YamlNode root_;
  std::vector<Open> open_;
};

// Throws YAML::Exception if the text is not YAML.
YamlNode read_document(const std::string& yaml, const std::string& origin, bool with_lines) {
  TreeBuilder builder(origin, with_lines);
  std::istringstream stream(yaml);
  YAML::Parser parser(stream);
  if (!parser.HandleNextDocument(builder)) {
    throw ConfigError({.what = "empty configuration", .where = origin});
  }
  YamlNode root = builder.take_root();
  if (parser.HandleNextDocument(builder)) {
    // "{0..3}.tar" in an override looks like a mapping and another document.
    const bool braces = !with_lines && has_brace_in_word(yaml);
    throw ConfigError({.what = "more than one YAML document",
                       .where = origin,
                       .expected = braces ? kQuotes : "one"});
  }
  return root;
}

}  // namespace

YamlNode parse_tree(const std::string& yaml, const std::string& origin, bool with_lines) {
  if (yaml.size() > kMaxBytes) {
    throw ConfigError({.what = "configuration too large",
                       .where = origin,
                       .expected = cat("at most ", kMaxBytes, " bytes"),
                       .found = cat(yaml.size(), " bytes")});
  }
  if (!is_valid_utf8(yaml)) {
    throw ConfigError({.what = "not UTF-8 text", .where = origin});
  }
  try {
    return read_document(yaml, origin, with_lines);
  } catch (const YAML::Exception& problem) {
    const std::string quoted = quote_braces_in_flow(yaml);
    if (quoted != yaml) {
      try {
        return read_document(quoted, origin, with_lines);
      } catch (const YAML::Exception&) {
        // What is wrong with the text as it was written is said below.
      }
    }
    const bool braces = has_brace_in_word(line_of(yaml, problem.mark.line));
    throw ConfigError({.what = "not valid YAML: " + problem.msg,
                       .where = where_of(origin, with_lines, problem.mark.line),
                       .expected = braces ? kQuotes : ""});
  }
}

YamlNode read_tree(const std::filesystem::path& file) {
  std::error_code problem;
  const std::uintmax_t bytes = std::filesystem::file_size(file, problem);
  if (problem) {
    throw ConfigError({.what = "cannot read the configuration",
                       .where = file.string(),
                       .expected = "a YAML file",
                       .found = problem.message()});
  }
  if (bytes > kMaxBytes) {
    throw ConfigError({.what = "configuration too large",
                       .where = file.string(),
                       .expected = cat("at most ", kMaxBytes, " bytes"),
                       .found = cat(bytes, " bytes")});
  }
  return parse_tree(read_text_file(file), file.string(), true);
}

}  // namespace helip::config
