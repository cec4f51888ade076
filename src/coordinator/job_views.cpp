// What Job tells of itself, each a look under its lock.
#include "coordinator/job.h"

namespace helip::coordinator {

rpc::JobStatus Job::status() const {
  const MutexLock lock(mutex_);
  return core_.status(clock_.now());
}

rpc::JobState Job::state() const {
  const MutexLock lock(mutex_);
  return core_.state();
}

std::optional<Stage> Job::stage() const {
  const MutexLock lock(mutex_);
  return core_.current();
}

bool Job::failed_by_config() const {
  const MutexLock lock(mutex_);
  return core_.outcome().wrong_config;
}

std::size_t Job::live_workers() const {
  const MutexLock lock(mutex_);
  return core_.registry().live_workers(clock_.now());
}

std::vector<Process> Job::processes_of(const std::string& launch) const {
  const MutexLock lock(mutex_);
  return core_.registry().processes_of(launch);
}

std::vector<rpc::TaskRow> Job::tasks(std::optional<Stage> stage, std::optional<TaskState> state,
                                     std::uint64_t after, std::size_t limit,
                                     std::uint64_t& matching) const {
  const MutexLock lock(mutex_);
  return core_.rows(stage, state, after, limit, matching);
}

std::uint64_t Job::epoch() const {
  const MutexLock lock(mutex_);
  return journal_->epoch();
}

}  // namespace helip::coordinator
