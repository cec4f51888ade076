// Shows the progress of a job on stderr: a bar that is redrawn on a terminal, else a plain line
// every ten seconds.
#pragma once

#include <optional>

#include "rpc/job_status.h"

namespace helip::cli {

class JobProgress {
 public:
  JobProgress();
  // Ends the bar's line.
  ~JobProgress();
  JobProgress(const JobProgress&) = delete;
  JobProgress& operator=(const JobProgress&) = delete;

  // Shows the status of a running job at most four times a second on a terminal, else every ten
  // seconds, and at once when the stage or the job's state changes.
  void show(const rpc::JobStatus& status);

 private:
  bool terminal_;
  double last_ = 0;
  std::optional<jobs::Stage> stage_;
  rpc::JobState state_ = rpc::JobState::kRunning;
};

}  // namespace helip::cli
