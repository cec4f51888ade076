// Tables of image paths and captions, quoted as pandas reads them (OpenCLIP's CSV input).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"

namespace helip::data {

// Value of CsvOptions::separator: the separator is the one that gives both columns.
inline constexpr char kToldByHeader = '\0';

struct CsvOptions {
  char separator = kToldByHeader;
  std::string image_key = "filepath";
  std::string caption_key = "title";
};

// Returns the options for the table of a corpus. Throws ConfigError if config.csv_separator is
// neither one character nor "tab" nor "auto".
CsvOptions csv_options_of(const config::CorpusConfig& config);

struct CsvRow {
  std::uint64_t line = 0;  // line of the file where the row starts, from 1
  std::uint64_t last_line = 0;
  std::vector<std::string> fields;
};

// Returns the first `most` rows, the header included. Fields in double quotes may hold separators,
// line breaks and doubled quotes; a quote inside of an unquoted field is an ordinary character;
// blank lines are skipped; a UTF-8 byte order mark is dropped. `file` is for messages. Throws
// DataError if a quote is not closed.
std::vector<CsvRow> parse_csv(std::string_view text, char separator, const std::string& file,
                              std::size_t most = std::numeric_limits<std::size_t>::max());

struct CsvPair {
  std::uint64_t line = 0;  // line and last_line: see CsvRow
  std::uint64_t last_line = 0;
  std::string image;                  // path as written
  std::string caption;                // empty if the row ends before it
  std::vector<std::string> spanning;  // fields of the other columns that hold line ends
};

struct CsvTable {
  std::vector<CsvPair> pairs;
  char separator = 0;
};

// Reads the image and the caption column of a table with a header. Throws DataError if the file is
// no text, has no header, lacks a column or has it twice, has a row with more fields than the
// header or a quote that is not closed; ConfigError if more than one separator gives both columns;
// StoreError if the file cannot be read.
CsvTable read_csv_table(const std::filesystem::path& file, const CsvOptions& options);

}  // namespace helip::data
