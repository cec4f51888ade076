#include "data/import/csv.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/validate.h"
#include "data/import/csv_header.h"

namespace helip::data {
namespace {

class CsvParser {
 public:
  CsvParser(std::string_view text, char separator, const std::string& file)
      : text_(text), separator_(separator), file_(file) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  std::vector<CsvRow> run(std::size_t most) {
    std::vector<CsvRow> rows;
    while (position_ < text_.size() && rows.size() < most) {
      CsvRow row{.line = line_, .last_line = 0, .fields = {}};
      const std::size_t start = position_;
      do {
        row.fields.push_back(field());
      } while (take_separator());
      const std::string_view line = text_.substr(start, position_ - start);
      const bool blank =
          row.fields.size() == 1 && line.find_first_not_of(" \t") == std::string_view::npos;
      row.last_line = line_;
      take_line_end();
      if (!blank) rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  [[nodiscard]] bool at_end() const { return position_ == text_.size(); }
  [[nodiscard]] bool at_line_end() const {
    return at_end() || text_[position_] == '\n' || text_[position_] == '\r';
  }

  std::string field() {
    std::string value;
    if (!at_end() && text_[position_] == '"') quoted(value);
    // What follows a closing quote belongs to the field as it stands.
    while (!at_line_end() && text_[position_] != separator_) value += text_[position_++];
    return value;
  }

  void quoted(std::string& value) {
    const std::uint64_t first_line = line_;
    ++position_;
    for (;; ++position_) {
      if (at_end()) {
        throw DataError({.what = "a quoted field is not closed",
                         .where = cat(file_, ":", first_line),
                         .expected = "a double quote before the end of the file, or none at the "
                                     "beginning of the field",
                         .found = cat("the end of the file in line ", line_, ", the field begins '",
                                      shortened(value, 60), "'")});
      }
      const char c = text_[position_];
      if (c == '"') {
        if (position_ + 1 == text_.size() || text_[position_ + 1] != '"') break;
        ++position_;
      }
      const bool before_newline = position_ + 1 < text_.size() && text_[position_ + 1] == '\n';
      if (c == '\n' || (c == '\r' && !before_newline)) ++line_;
      value += c;
    }
    ++position_;
  }

  bool take_separator() {
    if (at_line_end() || text_[position_] != separator_) return false;
    ++position_;
    return true;
  }

  void take_line_end() {
    if (at_end()) return;
    if (text_[position_] == '\r') {
      ++position_;
      if (!at_end() && text_[position_] == '\n') ++position_;
    } else {
      ++position_;
    }
    ++line_;
  }

  std::string_view text_;
  char separator_;
  const std::string& file_;
  std::size_t position_ = 0;
  std::uint64_t line_ = 1;
};

// The fields that hold line ends, of the columns beside the image's and the caption's.
std::vector<std::string> spanning_fields(const CsvRow& row, const CsvHeader& header) {
  std::vector<std::string> fields;
  if (row.last_line == row.line) return fields;
  for (std::size_t column = 0; column < row.fields.size(); ++column) {
    if (column == header.image || column == header.caption) continue;
    const std::string& field = row.fields[column];
    if (field.find_first_of("\r\n") != std::string::npos) fields.push_back(field);
  }
  return fields;
}

}  // namespace

CsvOptions csv_options_of(const config::CorpusConfig& config) {
  const auto separator = config::csv_separator_of(config.csv_separator);
  if (!separator) {
    throw ConfigError({.what = "wrong separator",
                       .where = "csv_separator",
                       .expected = "one character, tab, or auto",
                       .found = "'" + config.csv_separator + "'"});
  }
  return {.separator = *separator,
          .image_key = config.csv_img_key,
          .caption_key = config.csv_caption_key};
}

std::vector<CsvRow> parse_csv(std::string_view text, char separator, const std::string& file,
                              std::size_t most) {
  return CsvParser(text, separator, file).run(most);
}

CsvTable read_csv_table(const std::filesystem::path& file, const CsvOptions& options) {
  const std::string name = file.string();
  const std::string text = read_text_file(file);
  expect_table_text(text, file);
  const CsvHeader header = read_header(text, options, name);
  const auto rows = parse_csv(text, header.separator, name);
  CsvTable table{.pairs = {}, .separator = header.separator};
  table.pairs.reserve(rows.size() - 1);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const CsvRow& row = rows[i];
    if (row.fields.size() > header.columns) {
      throw DataError(
          {.what = "a row has more fields than the header",
           .where = cat(name, ":", row.line),
           .expected = cat(header.columns, " fields; one that holds ",
                           separator_name(header.separator), " stands in quotes"),
           .found = cat(row.fields.size(), ", the last '", shortened(row.fields.back(), 80), "'")});
    }
    const auto field = [&](std::size_t column) {
      return column < row.fields.size() ? row.fields[column] : std::string();
    };
    table.pairs.push_back({.line = row.line,
                           .last_line = row.last_line,
                           .image = field(header.image),
                           .caption = field(header.caption),
                           .spanning = spanning_fields(row, header)});
  }
  return table;
}

}  // namespace helip::data
