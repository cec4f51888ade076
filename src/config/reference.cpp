#include "config/reference.h"

#include <string_view>

#include "common/text.h"

namespace helip::config {
namespace {

constexpr std::string_view kIntroduction =
    "# Configuration\n"
    "\n"
    "All keys of a job's configuration. `helip config explain --markdown` writes this page from "
    "the\n"
    "table in `src/config/fields`, and a test compares the two. `helip config explain KEY` says "
    "the\n"
    "same of one key, `helip config show` prints the configuration of a job with all its values.\n"
    "\n"
    "A YAML file holds the sections; a key that it leaves out has its default. `--set KEY=VALUE`\n"
    "sets one key. [Running](running.md) says how paths are resolved.\n"
    "\n"
    "The last column says what a change of the key changes in a work directory that holds "
    "results:\n"
    "the *model* and all that follows from it (such a change is refused), the *results* of the\n"
    "evaluation, the *report* alone, or *nothing*: the key says how the work is done.\n";

constexpr std::string_view kExperiment =
    "\n## An experiment\n"
    "\n"
    "The file of `helip experiment`, which compares jobs of several arms and seeds.\n"
    "[Running](running.md#experiments) shows one.\n"
    "\n| key | takes | default | meaning |\n|---|---|---|---|\n";

std::string_view changed_in_table(Role role) {
  switch (role) {
    case Role::kTraining:
      return "model";
    case Role::kEvaluation:
      return "results";
    case Role::kReport:
      return "report";
    case Role::kOperation:
      break;
  }
  return "nothing";
}

// A cell ends at a bar.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

// Type and limits; "a number above 0" says both.
std::string taken_by(const KeyDescription& about) {
  if (about.limits.empty()) return about.type;
  return about.limits.starts_with(about.type) ? about.limits : about.type + ": " + about.limits;
}

// Breaks the text between words into lines of at most `width` bytes.
std::string wrapped(std::string_view text, std::size_t width, const std::string& indent) {
  std::string out;
  while (text.size() > width) {
    std::size_t end = text.rfind(' ', width);
    if (end == std::string_view::npos) end = std::min(text.find(' ', width), text.size());
    out += std::string(text.substr(0, end)) + "\n" + indent;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + std::string(text);
}

}  // namespace

std::string explained(const std::vector<KeyDescription>& keys) {
  constexpr std::size_t kWidth = 86;
  const std::string indent(12, ' ');
  std::string out;
  for (const KeyDescription& about : keys) {
    out += (out.empty() ? "" : "\n") + about.key + "\n";
    const auto line = [&](std::string_view name, const std::string& text) {
      if (text.empty()) return;
      out +=
          cat("  ", name, std::string(10 - name.size(), ' '), wrapped(text, kWidth, indent), "\n");
    };
    line("type", about.type);
    line("default", about.default_value);
    line("limits", about.limits);
    if (!about.is_section) line("changes", changed_by(about.changes));
    line("meaning", about.meaning);
  }
  return out;
}

std::string reference_markdown() {
  std::string out(kIntroduction);
  for (const KeyDescription& about : describe_keys()) {
    if (about.is_section) {
      out += cat("\n## ", about.key, "\n\n", about.meaning,
                 "\n\n| key | takes | default | meaning | changes |\n|---|---|---|---|---|\n");
      continue;
    }
    out += cat("| `", about.key, "` | ", cell(taken_by(about)), " | `", cell(about.default_value),
               "` | ", cell(about.meaning), " | ", changed_in_table(about.changes), " |\n");
  }
  out += kExperiment;
  for (const KeyDescription& about : describe_experiment_keys()) {
    if (about.is_section) continue;
    out += cat("| `", about.key, "` | ", cell(taken_by(about)), " | `", cell(about.default_value),
               "` | ", cell(about.meaning), " |\n");
  }
  return out;
}

}  // namespace helip::config
