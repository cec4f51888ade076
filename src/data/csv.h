// Tables of image paths and captions, quoted as pandas reads them (OpenCLIP's CSV input).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"

namespace helip::data {

struct CsvOptions {
  char separator = '\t';
  std::string image_key = "filepath";
  std::string caption_key = "title";
};

// The table's options of a corpus. Throws ConfigError for a separator that is none.
CsvOptions csv_options_of(const config::CorpusConfig& config);

struct CsvRow {
  std::uint64_t line = 0;  // where the row starts, from 1
  std::vector<std::string> fields;
};

// All rows, the header included: fields in double quotes may hold separators, line breaks and
// doubled quotes; a quote inside of an unquoted field is itself; blank lines are skipped; a UTF-8
// byte order mark is dropped. `file` is for messages. Throws DataError if a quote is not closed.
std::vector<CsvRow> parse_csv(std::string_view text, char separator, const std::string& file);

struct CsvPair {
  std::uint64_t line = 0;
  std::string image;    // path as written
  std::string caption;  // empty if the row ends before it
};

// The two columns of a file with a header. Throws DataError: no header, a column is missing or
// comes twice, a row with more fields than the header.
std::vector<CsvPair> read_csv_pairs(const std::filesystem::path& file, const CsvOptions& options);

}  // namespace helip::data
