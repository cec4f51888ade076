// Finds the known key that a mistyped key was probably meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace helip::config {

// Returns the element of `known` with the fewest edits from `unknown`: insertions, deletions,
// replacements and swaps of neighbours. Returns the first of several equally near ones. Returns an
// empty text if the nearest needs more edits than a third of the length of `unknown` (at least 1),
// or if `unknown` is longer than 64 bytes.
std::string nearest_key(std::string_view unknown, const std::vector<std::string>& known);

}  // namespace helip::config
