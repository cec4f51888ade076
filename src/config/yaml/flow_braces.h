// Accepts shard ranges such as /data/{00000..00331}.tar in YAML's flow style. YAML demands quotes
// around them there, since braces are marks of YAML; people write them without quotes, as for
// OpenCLIP.
#pragma once

#include <string>
#include <string_view>

namespace helip::config {

// Returns `yaml` with quotes around each plain value inside of {…} or […] that has braces directly
// after other text, as in {path: /data/{0..3}.tar}. A text with such a value is not valid YAML, so
// the meaning of valid YAML does not change. Keeps all lines and all other text.
std::string quote_braces_in_flow(std::string_view yaml);

// Returns true if a brace or bracket of the line touches a word in a way in which YAML's own marks
// do not: "x{", "}x". A value with such a brace must stand in quotes.
bool has_brace_in_word(std::string_view line);

}  // namespace helip::config
