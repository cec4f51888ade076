// What the programs write to stdout.
#pragma once

#include <string>
#include <string_view>

#include "common/json.h"

namespace helip::cli {

// Writes the lines of `text`, which ends with a line end, as a log would: what does not print is
// escaped, and a line has at most kMostLineBytes (common/text.h).
void print_lines(std::string_view text);

// Writes the JSON and a line end. Bytes that are not UTF-8 (of paths) become U+FFFD. With `indent`
// each field has its line.
void print_json(const OrderedJson& json, int indent = -1);

}  // namespace helip::cli
