#include "cli/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/clock.h"
#include "common/last_line.h"
#include "common/text.h"

namespace helip::cli {

ProgressLine::ProgressLine(std::string what, std::string units)
    : what_(std::move(what)),
      units_(std::move(units)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(monotonic_seconds()),
      last_(start_) {}

ProgressLine::~ProgressLine() { end_last_line(); }

void ProgressLine::operator()(std::uint64_t done, std::uint64_t total) {
  const double now = monotonic_seconds();
  const bool finished = done == total;
  // The end is shown where anything was shown before.
  if (now - last_ < (terminal_ ? 0.2 : 10.0) && !(shown_ && finished)) return;
  last_ = now;
  shown_ = !finished;
  const double rate = static_cast<double>(done) / std::max(now - start_, 1e-9);
  std::string line =
      cat(what_, ": ", done, " of ", total, " ", units_, ", ", decimal(rate, 0), " a second");
  if (!finished && done > 0) {
    line += ", ETA " + human_seconds(static_cast<double>(total - done) / rate);
  }
  if (!terminal_) return write_to_stderr(line + "\n");
  draw_last_line(line);
  if (finished) end_last_line();
}

}  // namespace helip::cli
