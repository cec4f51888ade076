#include "coordinator/supervisor.h"

#include <algorithm>
#include <fstream>

#include "common/log.h"
#include "common/text.h"

namespace helip::coordinator {

std::vector<Stage> launch_group(Stage stage) {
  switch (stage) {
    case Stage::kIndex:
    case Stage::kEncode:
    case Stage::kMine:
      return {Stage::kIndex, Stage::kEncode, Stage::kMine};
    case Stage::kTrain:
      return {Stage::kTrain};
    case Stage::kEval:
    case Stage::kReport:
      break;
  }
  return {Stage::kEval, Stage::kReport};
}

Supervisor::Supervisor(Job& job, Launcher* launcher, const config::LauncherConfig& config,
                       std::string coordinator_address, const WorkDir& work_dir,
                       std::filesystem::path worker_program)
    : job_(job),
      launcher_(launcher),
      config_(config),
      coordinator_(std::move(coordinator_address)),
      work_dir_(work_dir),
      worker_program_(std::move(worker_program)),
      run_id_(cat("run-", job.epoch())) {}

void Supervisor::start(Stage stage) {
  group_ = launch_group(stage);
  std::erase_if(group_, [&](Stage member) { return !job_.runs(member); });
  LaunchSpec spec;
  spec.name = cat(run_id_, "-launch-", ++launches_);
  spec.stages = group_;
  spec.coordinator = coordinator_;
  spec.work_dir = work_dir_.root();
  spec.worker_program = worker_program_;
  spec.log_file = work_dir_.logs() / cat(spec.name, ".log");
  log::info(cat("starting ", config_.workers, " workers for ", rpc::to_list(group_), "; log ",
                spec.log_file.string()));
  launch_ = launcher_->start(spec);
}

void Supervisor::collect(int exit_status) {
  const std::string name = launch_->name();
  const std::filesystem::path log_file = launch_->log_file();
  launch_.reset();
  told_to_leave_ = false;
  job_.launch_ended(name);
  const auto stage = job_.stage();
  const bool still_needed = job_.state() == rpc::JobState::kRunning && stage &&
                            std::find(group_.begin(), group_.end(), *stage) != group_.end();
  if (!still_needed) {
    failures_ = 0;
    return;
  }
  ++failures_;
  const std::string last = last_line(log_file);
  const std::string what = cat("the workers for ", rpc::to_list(group_), " ended early (exit ",
                               exit_status, last.empty() ? ")" : cat("): ", last));
  // Usage and configuration do not mend by trying again.
  if (exit_status == kExitUsage) {
    job_.give_up(cat(what, "; log ", log_file.string()), true);
  } else if (failures_ > config_.max_restarts) {
    job_.give_up(cat(what, "; ", failures_, " times in all, launcher.max_restarts is ",
                     config_.max_restarts, "; log ", log_file.string()));
  } else {
    log::warning(cat(what, "; starting again (", failures_, " of ", config_.max_restarts, ")"));
  }
}

bool Supervisor::step() {
  if (launch_ != nullptr) {
    if (const auto exit_status = launch_->poll()) collect(*exit_status);
  }
  const rpc::JobState state = job_.state();
  if (state == rpc::JobState::kRunning) {
    if (launch_ == nullptr && launcher_ != nullptr) start(*job_.stage());
    return false;
  }
  if (launch_ == nullptr) return true;
  // Workers of a job that is done leave by themselves.
  if (state != rpc::JobState::kDone && !told_to_leave_) {
    told_to_leave_ = true;
    launch_->terminate(false);
  }
  return false;
}

void Supervisor::kill_launches() {
  if (launch_ != nullptr) launch_->terminate(true);
}

std::string last_line(const std::filesystem::path& log_file) {
  std::ifstream log(log_file);
  std::string line, error, other;
  // mpirun closes with a frame of dashes and advice; what a worker said last is the cause, if one said anything.
  while (std::getline(log, line)) {
    if (line.find("| error |") != std::string::npos) error = line;
    if (line.find_first_not_of(" -\t") != std::string::npos) other = line;
  }
  const std::string& last = error.empty() ? other : error;
  return printable(last.substr(0, 500));
}

}  // namespace helip::coordinator
