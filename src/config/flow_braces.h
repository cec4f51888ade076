// Shard ranges such as /data/{00000..00331}.tar in YAML's flow style. YAML wants quotes around
// them there, since braces are its own marks; people type them as they do for OpenCLIP.
#pragma once

#include <string>
#include <string_view>

namespace helip::config {

// Returns `yaml` with quotes around each plain value inside of {…} or […] that holds braces right
// after other text, as in {path: /data/{0..3}.tar}. Such text is not valid YAML, so the
// meaning of valid YAML does not change. Keeps all lines; returns all other text as it is.
std::string quote_braces_in_flow(std::string_view yaml);

// Returns whether a brace or bracket of the line touches a word as YAML's own marks do not:
// "x{", "}x". A value that holds one must stand in quotes.
bool has_brace_in_word(std::string_view line);

}  // namespace helip::config
