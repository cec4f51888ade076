// Progress of a job on stderr: a bar that is redrawn on a terminal, a plain line now and then
// elsewhere.
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

  // Shows the status if it is time to: several times a second on a terminal, else every ten seconds
  // and when the stage or the job's state changes.
  void show(const rpc::JobStatus& status);

 private:
  bool terminal_;
  double last_ = 0;
  std::optional<jobs::Stage> stage_;
  rpc::JobState state_ = rpc::JobState::kRunning;
};

}  // namespace helip::cli
