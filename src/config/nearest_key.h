// The known key that a mistyped one was probably meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace helip::config {

// The element of `known` with the fewest insertions, deletions, replacements and swaps of
// neighbours from `unknown`, if they are at most a third of its length (at least 1); the first of
// several. Empty if none is so near.
std::string nearest_key(std::string_view unknown, const std::vector<std::string>& known);

}  // namespace helip::config
