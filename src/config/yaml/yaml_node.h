// YAML text as a tree of values, each with its place. Only plain data is accepted: no anchors,
// aliases, tags, second documents, duplicate or composite keys.
#pragma once

#include <string>
#include <vector>

namespace helip::config {

struct YamlNode {
  enum class Kind { kScalar, kSequence, kMapping };

  Kind kind = Kind::kScalar;
  std::string where;    // "FILE:LINE" or "--set"
  std::string text;     // scalar: the text
  bool quoted = false;  // scalar: in quotes or a block, so it is text, not a number or null
  std::vector<std::string> keys;  // mapping: keys[i] belongs to items[i]
  std::vector<YamlNode> items;    // sequence and mapping
};

}  // namespace helip::config
