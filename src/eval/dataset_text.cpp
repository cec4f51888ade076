#include "eval/dataset_text.h"

#include "common/log.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/text/caption.h"
#include "data/text/text_lines.h"
#include "eval/eval_dataset.h"

namespace helip::eval {
namespace {

constexpr std::size_t kShownBytes = 80;  // of what a message quotes

// True for what json.dump writes of a list of texts.
bool is_json_list(const std::string& text) {
  const std::string list = data::trimmed(text);
  return list.starts_with('[') && list.ends_with(']') &&
         data::trimmed(list.substr(1)).starts_with('"');
}

}  // namespace

std::string read_data_file(const std::filesystem::path& file) {
  if (!is_file(file))
    throw dataset_error("a file of the data set is missing", file, "a file", helip::kind_of(file));
  return read_text_file(file);
}

std::vector<std::string> lines_of(std::string_view text, const std::filesystem::path& where) {
  if (!is_valid_utf8(text)) {
    const bool utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
    throw dataset_error("text is not valid UTF-8", where, "UTF-8",
                        utf16 ? "UTF-16" : "other bytes");
  }
  return data::python_lines(text);
}

std::vector<std::string> optional_lines(const std::filesystem::path& file, std::string_view line,
                                        std::string_view blank) {
  if (!std::filesystem::exists(file)) return {};
  const std::string text = read_data_file(file);
  if (is_json_list(text)) {
    throw dataset_error("the file is a JSON list", file, cat(line, " a line"),
                        cat("'", shortened(data::trimmed(text), kShownBytes), "'"));
  }
  std::vector<std::string> lines = lines_of(text, file);
  if (const std::string numbers = data::blank_lines(lines); !numbers.empty()) {
    log::warning(cat(file.string(), ": blank lines (", numbers, "): each counts as ", blank));
  }
  return lines;
}

}  // namespace helip::eval
