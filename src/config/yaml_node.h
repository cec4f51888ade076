// YAML text as a tree of values that know where they stand. Of YAML only plain data is taken: no
// anchors, aliases, tags, second documents, duplicate or composite keys.
#pragma once

#include <string>
#include <vector>

namespace helip::config {

struct YamlNode {
  enum class Kind { kScalar, kSequence, kMapping };

  Kind kind = Kind::kScalar;
  std::string where;              // "FILE:LINE" or "--set KEY"
  std::string text;               // scalar: the text
  bool quoted = false;            // scalar: in quotes or a block, so text and nothing else
  std::vector<std::string> keys;  // mapping: keys[i] belongs to items[i]
  std::vector<YamlNode> items;    // sequence and mapping
};

}  // namespace helip::config
