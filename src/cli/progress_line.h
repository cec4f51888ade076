// Progress of one piece of work on stderr: a line that is redrawn on a terminal, a plain line now
// and then elsewhere.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

#include "common/clock.h"
#include "common/text.h"

namespace helip::cli {

class ProgressLine {
 public:
  // `what` is done to so many `units`: "mining: 512 of 6000 targets, 850 a second, ETA 6 s".
  ProgressLine(std::string what, std::string units)
      : what_(std::move(what)),
        units_(std::move(units)),
        terminal_(::isatty(STDERR_FILENO) == 1),
        start_(monotonic_seconds()),
        last_(start_) {}
  ~ProgressLine() {
    if (terminal_ && drawn_) std::cerr << '\n';
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Not for several threads at once.
  void operator()(std::uint64_t done, std::uint64_t total) {
    const double now = monotonic_seconds();
    // The end is shown where anything was shown before.
    if (now - last_ < (terminal_ ? 0.2 : 10.0) && !(drawn_ && done == total)) return;
    last_ = now;
    drawn_ = true;
    const double rate = static_cast<double>(done) / std::max(now - start_, 1e-9);
    std::string line =
        cat(what_, ": ", done, " of ", total, " ", units_, ", ", decimal(rate, 0), " a second");
    if (done < total && done > 0) {
      line += ", ETA " + human_seconds(static_cast<double>(total - done) / rate);
    }
    std::cerr << (terminal_ ? "\r\x1b[K" + line : line + "\n") << std::flush;
  }

 private:
  std::string what_;
  std::string units_;
  bool terminal_;
  double start_;
  double last_;
  bool drawn_ = false;
};

}  // namespace helip::cli
