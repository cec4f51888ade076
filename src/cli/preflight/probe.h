// Asks another program for its version or state.
#pragma once

#include <string>
#include <vector>

namespace helip::cli {

struct Probe {
  int exit_status = 0;     // 127: not started; 128 + N: ended by signal N
  std::string output;      // stdout and stderr, at most 64 KiB
  bool timed_out = false;  // it was killed at the end of its time
  double seconds = 0;      // the time that it was given
};

// Runs a program, found in PATH or given by its path, to its end, without stdin. Kills a program
// that takes longer than `seconds` (exit status 137). Throws Error if no process can be started.
Probe probe(const std::vector<std::string>& command, double seconds = 10);

// Return the first, or the last, line that holds text, printable and cut to 160 bytes. Return an
// empty text if there is none. A line of spaces, '-', '=' and '*' holds no text.
std::string first_line(const std::string& output);
std::string last_line(const std::string& output);

}  // namespace helip::cli
