// Text files of an evaluation data set.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace helip::eval {

// Returns the content of a file. Throws DataError if it is not there or is no file.
std::string read_data_file(const std::filesystem::path& file);

// Returns the lines of a text (data/text/text_lines.h). Throws DataError naming `where` if it is
// not UTF-8.
std::vector<std::string> lines_of(std::string_view text, const std::filesystem::path& where);

// Returns the lines of a file, blank ones too, which keep their positions, as in clip_benchmark.
// Returns none if there is no such file. Logs a warning of blank lines. `line` and `blank` say what
// a line holds and what a blank one counts as. Throws DataError as the functions above, and if the
// file holds a JSON list of texts.
std::vector<std::string> optional_lines(const std::filesystem::path& file, std::string_view line,
                                        std::string_view blank);

}  // namespace helip::eval
