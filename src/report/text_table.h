// A table for a terminal.
#pragma once

#include <string>
#include <vector>

namespace helip::report {

// Returns the rows as lines: the first column to the left, the others to the right, two spaces
// between columns as wide as their widest cell. Rows may have fewer cells than the first.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace helip::report
