// Lines of the text files of a data set, as Python's str.splitlines() and str.strip() give them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace helip::data {

// The lines of `text`, valid UTF-8, each without ASCII white space at its ends. Blank lines stay:
// a line's position has a meaning. Lines end with LF, CR LF or CR, or with what else Python counts
// (VT, FF, FS, GS, RS, NEL, U+2028, U+2029); after the last end there is no further line. A byte
// order mark in front is left out.
std::vector<std::string> python_lines(std::string_view text);

// "2, 5 and 12 more": the numbers of the blank lines, counted from 1; empty if there are none.
std::string blank_lines(const std::vector<std::string>& lines);

}  // namespace helip::data
