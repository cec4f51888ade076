// Something that an import leaves out, or a note about what it uses, for import_report.jsonl.
#pragma once

#include <cstdint>
#include <string>

namespace helip::data {

struct ImportProblem {
  std::string source;  // shard and byte, table and line, or file
  std::string key;
  std::string reason;         // one of a few, for counting
  std::string detail;         // the message behind it, may be empty
  std::uint64_t samples = 1;  // lost; 0: a note about what is used (quarantine.h)
};

// Problems of 0 samples with the same reason.
struct Noted {
  std::uint64_t count = 0;
  std::string first;  // source and detail of the first problem
  bool operator==(const Noted&) const = default;
};

}  // namespace helip::data
