#include "data/import/csv_header.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "data/corpus/file_kind.h"
#include "data/corpus/webdataset.h"

namespace helip::data {
namespace {

constexpr std::array<char, 4> kSeparators = {'\t', ',', ';', '|'};

// The header as one separator splits it.
struct Split {
  char separator = 0;
  CsvRow row;
  [[nodiscard]] std::ptrdiff_t count(const std::string& key) const {
    return std::count(row.fields.begin(), row.fields.end(), key);
  }
  [[nodiscard]] std::size_t column(const std::string& key) const {
    return static_cast<std::size_t>(std::find(row.fields.begin(), row.fields.end(), key) -
                                    row.fields.begin());
  }
  [[nodiscard]] bool fits(const CsvOptions& options) const {
    return count(options.image_key) == 1 && count(options.caption_key) == 1;
  }
};

// Nothing if a quote is not closed.
std::optional<Split> split(std::string_view text, char separator, const std::string& file) {
  std::vector<CsvRow> rows;
  try {
    rows = parse_csv(text, separator, file, 1);
  } catch (const DataError&) {
    return std::nullopt;
  }
  if (rows.empty()) {
    throw DataError({.what = "the table is empty",
                     .where = file,
                     .expected = "a header line and a row for each pair"});
  }
  return Split{separator, std::move(rows.front())};
}

std::string columns_of(const Split& header) {
  constexpr std::size_t kMostNamed = 8;
  constexpr std::size_t kMostBytes = 60;
  const auto& fields = header.row.fields;
  std::string columns;
  for (std::size_t i = 0; i < std::min(fields.size(), kMostNamed); ++i) {
    const bool is_plain = !fields[i].empty() && fields[i].front() != ' ' && fields[i].back() != ' ';
    const std::string name = shortened(fields[i], kMostBytes);
    columns += cat(i == 0 ? "" : ", ", is_plain ? name : cat("'", name, "'"));
  }
  if (fields.size() > kMostNamed) columns += cat(" and ", fields.size() - kMostNamed, " more");
  // A header of one column tells no separator.
  if (fields.size() == 1) return cat(columns, " alone");
  return cat(columns, ", separated by ", separator_name(header.separator));
}

std::string expected_header(const Split& header, const CsvOptions& options,
                            const std::vector<Split>& fitting) {
  if (!fitting.empty()) {
    return cat("--csv-separator (corpus.csv_separator) auto: ",
               separator_name(fitting.front().separator), " gives both columns");
  }
  if (header.row.fields.size() == 1 && options.separator == kToldByHeader) {
    return "the columns that --csv-img-key and --csv-caption-key (corpus.csv_img_key, "
           "corpus.csv_caption_key) name; if it is not a tab, comma, semicolon or bar that "
           "separates them, --csv-separator (corpus.csv_separator) with what does";
  }
  return "a header line with the columns that --csv-img-key and --csv-caption-key "
         "(corpus.csv_img_key, corpus.csv_caption_key) name, separated as --csv-separator "
         "(corpus.csv_separator) says";
}

[[noreturn]] void fail(const Split& header, const CsvOptions& options, const std::string& file,
                       const std::vector<Split>& fitting) {
  std::string wrong;
  for (const std::string& key : {options.image_key, options.caption_key}) {
    const auto count = header.count(key);
    if (count == 1) continue;
    wrong += cat(wrong.empty() ? "" : ", ", count == 0 ? "no column " : "more than one column ",
                 shortened(key, 60));
  }
  throw DataError({.what = cat("the table has ", wrong),
                   .where = cat(file, ":", header.row.line),
                   .expected = expected_header(header, options, fitting),
                   .found = columns_of(header)});
}

// A spreadsheet's first line sep=; tells it the separator, and is no header.
void expect_no_separator_hint(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  std::string_view hint = line;
  if (hint.size() > 2 && hint.front() == '"' && hint.back() == '"')
    hint = hint.substr(1, hint.size() - 2);
  constexpr std::string_view kHint = "sep=";
  if (hint.size() > kHint.size() + 1 || lower_case(hint.substr(0, kHint.size())) != kHint) return;
  throw DataError({.what = "line 1 is a spreadsheet's separator hint: remove it",
                   .where = cat(file, ":1"),
                   .expected = "a header line with the names of the columns",
                   .found = cat("'", line, "'")});
}

// The split that says most: with one of the columns, then with most of them.
const Split& most_telling(const std::vector<Split>& splits, const CsvOptions& options) {
  return *std::max_element(splits.begin(), splits.end(), [&](const Split& a, const Split& b) {
    const auto rank = [&](const Split& split) {
      const bool has_one =
          split.count(options.image_key) > 0 || split.count(options.caption_key) > 0;
      return std::pair(has_one, split.row.fields.size());
    };
    return rank(a) < rank(b);
  });
}

}  // namespace

std::string separator_name(char separator) {
  switch (separator) {
    case '\t':
      return "a tab";
    case ',':
      return "a comma";
    case ';':
      return "a semicolon";
    case '|':
      return "a bar";
    default:
      return cat("'", separator, "'");
  }
}

void expect_table_text(std::string_view text, const std::filesystem::path& file) {
  const std::string_view head = text.substr(0, kFileHeadBytes);
  const auto bytes = std::as_bytes(std::span(head));
  const std::string name = file.filename().string();
  if (const auto kind = kind_of(bytes, name)) {
    throw DataError({.what = "not a table",
                     .where = file.string(),
                     .expected = cat("a CSV or TSV table in UTF-8; ", kind->advice),
                     .found = kind->name});
  }
  const std::size_t zero = text.find('\0');
  if (zero == std::string_view::npos) return;
  const std::string_view before = text.substr(0, zero);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  throw DataError({.what = "not a table",
                   .where = cat(file.string(), ": byte ", zero),
                   .expected = "a CSV or TSV table in UTF-8",
                   .found = cat("a zero byte in line ", line, ", which no text has")});
}

CsvHeader read_header(std::string_view text, const CsvOptions& options, const std::string& file) {
  expect_no_separator_hint(text, file);
  std::vector<Split> splits;
  std::vector<Split> fitting;
  for (const char separator : kSeparators) {
    auto header = split(text, separator, file);
    if (!header) continue;
    if (header->fits(options)) fitting.push_back(*header);
    splits.push_back(std::move(*header));
  }
  if (options.separator != kToldByHeader) {
    const CsvRow row = parse_csv(text, options.separator, file, 1).front();
    const Split given{options.separator, row};
    if (!given.fits(options)) fail(given, options, file, fitting);
    fitting = {given};
  }
  if (fitting.empty()) {
    // With no split at all a quote of the header is not closed, whatever separates its columns.
    if (splits.empty()) parse_csv(text, kSeparators.front(), file, 1);
    fail(most_telling(splits, options), options, file, {});
  }
  if (fitting.size() > 1) {
    throw ConfigError({.what = "more than one separator gives both columns of the table",
                       .where = cat(file, ":", fitting.front().row.line),
                       .expected = "--csv-separator (corpus.csv_separator)",
                       .found = cat(separator_name(fitting[0].separator), " and ",
                                    separator_name(fitting[1].separator))});
  }
  const Split& header = fitting.front();
  return {.separator = header.separator,
          .image = header.column(options.image_key),
          .caption = header.column(options.caption_key),
          .columns = header.row.fields.size()};
}

}  // namespace helip::data
