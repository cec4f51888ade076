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

// Given as the separator: find the one that gives both columns.
inline constexpr char kToldByHeader = '\0';

struct CsvOptions {
  char separator = kToldByHeader;
  std::string image_key = "filepath";
  std::string caption_key = "title";
};

// The table's options of a corpus. Throws ConfigError for a separator that is none.
CsvOptions csv_options_of(const config::CorpusConfig& config);

struct CsvRow {
  std::uint64_t line = 0;  // where the row starts, from 1
  std::uint64_t last_line = 0;
  std::vector<std::string> fields;
};

// The first `most` rows, the header included: fields in double quotes may hold separators, line
// breaks and doubled quotes; a quote inside of an unquoted field is itself; blank lines are
// skipped; a UTF-8 byte order mark is dropped. `file` is for messages. Throws DataError if a quote
// is not closed.
std::vector<CsvRow> parse_csv(std::string_view text, char separator, const std::string& file,
                              std::size_t most = std::numeric_limits<std::size_t>::max());

struct CsvPair {
  std::uint64_t line = 0;  // and last_line: as of CsvRow
  std::uint64_t last_line = 0;
  std::string image;                  // path as written
  std::string caption;                // empty if the row ends before it
  std::vector<std::string> spanning;  // fields of the other columns that hold line ends
};

struct CsvTable {
  std::vector<CsvPair> pairs;
  char separator = 0;
};

// The two columns of a file with a header. Throws DataError: a file that is no text in UTF-8, no
// header, a column is missing or comes twice, more than one separator gives both, a row with more
// fields than the header.
CsvTable read_csv_table(const std::filesystem::path& file, const CsvOptions& options);

}  // namespace helip::data
