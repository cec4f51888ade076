// The reference of all keys: as text for a terminal and as docs/configuration.md.
#pragma once

#include <string>
#include <vector>

#include "config/describe.h"

namespace helip::config {

// Returns a paragraph for each key: its type, default, limits and meaning, and what a change of it
// changes.
std::string explained(const std::vector<KeyDescription>& keys);

// Returns the text of docs/configuration.md.
std::string reference_markdown();

}  // namespace helip::config
