// Reads the first bytes and the header of a table: whether the file is a table, which of its
// columns are wanted, and which character separates them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "data/import/csv.h"

namespace helip::data {

struct CsvHeader {
  char separator = 0;
  std::size_t image = 0;  // position of the column, from 0
  std::size_t caption = 0;
  std::size_t columns = 0;
};

// Throws DataError if `text` is not the text of a table: the bytes of another kind of file (the
// error names the kind and how to make a table of it), or text with a zero byte.
void expect_table_text(std::string_view text, const std::filesystem::path& file);

// Finds the two columns in the header. For options.separator kToldByHeader it takes the one of tab,
// comma, semicolon and bar that gives both columns. Throws DataError if the table is empty, or if a
// column is missing or comes twice (the error names the columns of the header and the options);
// ConfigError if more than one separator gives both columns.
CsvHeader read_header(std::string_view text, const CsvOptions& options, const std::string& file);

// Returns the separator in words, for messages: "a comma", "a tab", "'x'".
std::string separator_name(char separator);

}  // namespace helip::data
