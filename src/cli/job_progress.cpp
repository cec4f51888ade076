#include "cli/job_progress.h"

#include <unistd.h>

#include <algorithm>

#include "cli/job_text.h"
#include "common/clock.h"
#include "common/last_line.h"
#include "common/text.h"

namespace helip::cli {

JobProgress::JobProgress() : terminal_(isatty(STDERR_FILENO) == 1) {}

JobProgress::~JobProgress() { end_last_line(); }

void JobProgress::show(const rpc::JobStatus& status) {
  const double now = monotonic_seconds();
  const double interval = terminal_ ? 0.25 : 10.0;
  const bool changed = status.stage != stage_ || status.state != state_;
  // A job that has ended says so once, however long its workers take to leave.
  const bool ended = status.state != rpc::JobState::kRunning;
  if (!changed && (ended || now - last_ < interval)) return;
  last_ = now;
  stage_ = status.stage;
  state_ = status.state;
  if (!terminal_) {
    write_to_stderr(one_line(status) + "\n");
    return;
  }
  std::string bar;
  if (status.stage) {
    constexpr int kCells = 24;
    const auto& stage = status.stages[static_cast<std::size_t>(*status.stage)];
    const double share = stage.total > 0 ? std::clamp(stage.done / stage.total, 0.0, 1.0) : 0;
    const auto filled = static_cast<std::size_t>(share * kCells);
    bar = cat("[", std::string(filled, '#'), std::string(kCells - filled, '.'), "] ");
  }
  draw_last_line(bar + one_line(status));
}

}  // namespace helip::cli
