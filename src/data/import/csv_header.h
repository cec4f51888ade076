// What a table's first bytes and its header say: whether it is one, where its columns are, and
// which character separates them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "data/import/csv.h"

namespace helip::data {

struct CsvHeader {
  char separator = 0;
  std::size_t image = 0;  // columns
  std::size_t caption = 0;
  std::size_t columns = 0;
};

// Throws DataError that names the file's kind and what makes a table of it, unless it is text.
void expect_table_text(std::string_view text, const std::filesystem::path& file);

// With options.separator kToldByHeader: the one of tab, comma, semicolon and bar that gives both
// columns. Throws DataError naming the columns that there are and the options.
CsvHeader read_header(std::string_view text, const CsvOptions& options, const std::string& file);

// "a comma", "a tab", "'x'".
std::string separator_name(char separator);

}  // namespace helip::data
