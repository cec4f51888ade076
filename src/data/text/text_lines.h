// Lines of the text files of a data set, as Python's str.splitlines() gives them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace helip::data {

// Returns the lines of `text`, valid UTF-8, each without ASCII white space at its ends. Blank lines
// stay: a line's position has a meaning. A line ends with LF, CR LF, CR or one of Python's other
// line ends (VT, FF, FS, GS, RS, NEL, U+2028, U+2029); after the last end there is no further line.
// A byte order mark in front is left out.
std::vector<std::string> python_lines(std::string_view text);

// Returns the numbers of the first five blank lines, counted from 1, and how many more there are:
// "2, 5, 6, 8, 9 and 12 more". Returns an empty text if there are none.
std::string blank_lines(const std::vector<std::string>& lines);

}  // namespace helip::data
