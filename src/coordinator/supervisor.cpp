#include "coordinator/supervisor.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "coordinator/launch/launch_cause.h"

namespace helip::coordinator {
namespace {

// Seconds that mpirun has to notice by itself that its ranks are gone, and ranks to notice that
// mpirun is.
constexpr double kNoticeSeconds = 2;
// Seconds without a worker after which a launch is wondered at.
constexpr double kSilenceSeconds = 60;

// The state letter of /proc/PID/stat; it follows the name, which may hold anything, in parentheses.
bool process_alive(std::int64_t pid) {
  std::ifstream file(cat("/proc/", pid, "/stat"));
  std::string line;
  if (!std::getline(file, line)) return false;
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= line.size()) return false;
  const char state = line[name_end + 2];
  return state != 'Z' && state != 'X';
}

}  // namespace

Surroundings this_machine() {
  std::array<char, 256> name{};
  Surroundings here;
  if (gethostname(name.data(), name.size() - 1) == 0) here.host = name.data();
  here.process_alive = process_alive;
  here.seconds = monotonic_seconds;
  return here;
}

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
                       std::string coordinator_address, const jobs::WorkDir& work_dir,
                       std::filesystem::path worker_program, Surroundings surroundings)
    : job_(job),
      launcher_(launcher),
      config_(config),
      coordinator_(std::move(coordinator_address)),
      work_dir_(work_dir),
      worker_program_(std::move(worker_program)),
      surroundings_(std::move(surroundings)),
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
  log::info(cat("starting ", config_.workers, " workers for ", jobs::to_list(group_), "; log ",
                spec.log_file.string()));
  launch_ = launcher_->start(spec);
  started_ = surroundings_.seconds();
  told_of_silence_ = false;
}

void Supervisor::collect(int exit_status) {
  const std::string name = launch_->name();
  const std::filesystem::path log_file = launch_->log_file();
  const bool registered = !job_.processes_of(name).empty();
  launch_.reset();
  over_since_ = -1;
  asked_to_leave_ = false;
  job_.launch_ended(name);
  const auto stage = job_.stage();
  const bool still_needed = job_.state() == rpc::JobState::kRunning && stage &&
                            std::find(group_.begin(), group_.end(), *stage) != group_.end();
  if (!still_needed) {
    failures_ = 0;
    return;
  }
  ++failures_;
  const LaunchCause cause = launch_cause(log_file);
  const std::string who = cat(registered ? "the workers for " : "no worker started for ",
                              jobs::to_list(group_), registered ? " ended early" : "");
  const std::string what =
      cat(who, ": ", cause.text.empty() ? "mpirun says nothing of it" : cause.text, " (exit ",
          exit_status, ")");
  // Usage and configuration do not mend by trying again, nor does a program that cannot start.
  if (exit_status == kExitUsage || (cause.permanent && !registered)) {
    job_.give_up(cat(what, "; log ", log_file.string()), true);
  } else if (failures_ > config_.max_restarts) {
    job_.give_up(cat(what, "; ", failures_, " times in all, launcher.max_restarts is ",
                     config_.max_restarts, "; log ", log_file.string()));
  } else {
    log::warning(cat(what, "; starting again (", failures_, " of ", config_.max_restarts, ")"));
  }
}

bool Supervisor::ranks_alive() const {
  for (const Process& process : job_.processes_of(launch_->name())) {
    if (process.host == surroundings_.host && surroundings_.process_alive(process.pid)) return true;
  }
  return false;
}

// mpirun with --enable-recovery goes on where no rank could be started, and ranks that reach no
// coordinator wait for one.
void Supervisor::tell_of_silence() {
  if (told_of_silence_ || surroundings_.seconds() - started_ < kSilenceSeconds) return;
  told_of_silence_ = true;
  if (!job_.processes_of(launch_->name()).empty()) return;
  log::warning(cat("no worker has registered for ", human_seconds(kSilenceSeconds),
                   ": can every host start ", worker_program_.string(), " and reach ", coordinator_,
                   "? log ", launch_->log_file().string()));
}

// True if mpirun should have ended but may not have: all its ranks are gone, or the job has failed
// and no worker is connected any more, or, in training, a rank is gone before the stage's end (its
// peers wait for it in a collective). Only processes on this machine can be seen.
bool Supervisor::launch_is_over() const {
  std::size_t gone = 0;
  for (const Process& process : job_.processes_of(launch_->name())) {
    if (process.host == surroundings_.host && !surroundings_.process_alive(process.pid)) ++gone;
  }
  if (gone >= config_.workers) return true;
  // Also on other hosts: a job that has failed waits for nobody who is not there.
  if (job_.state() == rpc::JobState::kFailed && job_.live_workers() == 0) return true;
  const bool trains = std::find(group_.begin(), group_.end(), Stage::kTrain) != group_.end();
  return trains && gone > 0 && job_.state() == rpc::JobState::kRunning &&
         job_.stage() == Stage::kTrain;
}

bool Supervisor::step() {
  if (launch_ != nullptr) {
    tell_of_silence();
    const double now = surroundings_.seconds();
    const auto exit_status = launch_->poll();
    const bool over = exit_status || launch_is_over();
    if (!over) over_since_ = -1;
    if (over && over_since_ < 0) over_since_ = now;
    const bool waited = over && now - over_since_ >= kNoticeSeconds;
    // Ranks of one launch must be gone before those of the next write to the same places.
    if (exit_status && (waited || !ranks_alive())) {
      collect(*exit_status);
    } else if (waited) {
      log::warning(
          cat("a rank of ", launch_->name(), " is gone and its launch goes on: ending it"));
      launch_->kill();
      over_since_ = now;
    }
  }
  const rpc::JobState state = job_.state();
  if (state != rpc::JobState::kRunning) {
    // Workers of a job that is done leave by themselves; others hear of it with their next
    // heartbeat, or now.
    if (launch_ != nullptr && state != rpc::JobState::kDone && !asked_to_leave_) {
      asked_to_leave_ = true;
      launch_->ask_to_leave();
    }
    return launch_ == nullptr;
  }
  if (launch_ == nullptr && launcher_ != nullptr) start(*job_.stage());
  return false;
}

void Supervisor::kill_launches() {
  if (launch_ != nullptr) launch_->kill();
}

}  // namespace helip::coordinator
