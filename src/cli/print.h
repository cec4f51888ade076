// Writes the programs' output to stdout.
#pragma once

#include <string>
#include <string_view>

#include "common/json.h"

namespace helip::cli {

// Writes the lines of `text` as a log would: characters that do not print are escaped, and each
// line is cut to kMostLineBytes (common/text.h). Adds a line end to a last line without one.
void print_lines(std::string_view text);

// Writes the JSON and a line end: on one line, or with an `indent` from 0 on each field on its own
// line. Bytes that are not UTF-8 (in paths) become U+FFFD.
void print_json(const OrderedJson& json, int indent = -1);

}  // namespace helip::cli
