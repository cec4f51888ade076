// Shows the progress of one piece of work on stderr: one line that is redrawn on a terminal, else a
// plain line every ten seconds.
#pragma once

#include <cstdint>
#include <string>

namespace helip::cli {

class ProgressLine {
 public:
  // Names the work by `what` and the counted things by `units`: "mining: 512 of 6000 targets, 850 a
  // second, ETA 6 s".
  ProgressLine(std::string what, std::string units);
  // Ends the line if the work has not come to its end.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Shows that `done` of `total` units are done, unless the line is newer than 0.2 s (10 s without
  // a terminal). Not thread-safe.
  void operator()(std::uint64_t done, std::uint64_t total);

 private:
  std::string what_;
  std::string units_;
  bool terminal_;
  double start_;
  double last_;
  bool shown_ = false;
};

}  // namespace helip::cli
