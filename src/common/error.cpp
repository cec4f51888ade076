#include "common/error.h"

#include "common/text.h"

namespace helip {

std::string to_line(const Problem& problem) {
  std::string line;
  if (!problem.where.empty()) line += printable(problem.where) + ": ";
  line += printable(problem.what);
  if (!problem.expected.empty()) line += "; expected " + printable(problem.expected);
  if (!problem.found.empty()) line += "; found " + printable(problem.found);
  return line;
}

}  // namespace helip
