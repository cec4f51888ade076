// Progress of one piece of work on stderr: a line that is redrawn on a terminal, a plain line now
// and then elsewhere.
#pragma once

#include <cstdint>
#include <string>

namespace helip::cli {

class ProgressLine {
 public:
  // `what` names the work and `units` what is counted: "mining: 512 of 6000 targets, 850 a second,
  // ETA 6 s".
  ProgressLine(std::string what, std::string units);
  // Ends the line where the work was not.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Not for several threads at once.
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
