// What another program says when it is asked for its version or state.
#pragma once

#include <string>
#include <vector>

namespace helip::cli {

struct Probe {
  int exit_status = 0;     // 127: it could not be started; 128 + a signal that ended it
  std::string output;      // stdout and stderr, at most 64 KiB
  bool timed_out = false;  // it was killed since its time was over
  double seconds = 0;      // that it had
};

// Runs a program, of PATH or by its path, to its end, without stdin. A program that takes longer
// than `seconds` is killed (exit status 137).
Probe probe(const std::vector<std::string>& command, double seconds = 10);

// The first, or last, line with text; printable and shortened.
std::string first_line(const std::string& output);
std::string last_line(const std::string& output);

}  // namespace helip::cli
