#include "worker/lease_keeper.h"

#include <algorithm>

#include "common/log.h"
#include "common/text.h"

namespace helip::worker {
namespace {

Duration seconds(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

}  // namespace

LeaseKeeper::LeaseKeeper(Connection& connection, const Clock& clock, double heartbeat_seconds,
                         double lease_seconds)
    : connection_(connection),
      clock_(clock),
      heartbeat_seconds_(heartbeat_seconds),
      fence_after_(seconds(0.8 * lease_seconds)),
      acknowledged_(clock.now()),
      thread_([this] { beat_until_closed(); }) {}

LeaseKeeper::~LeaseKeeper() {
  {
    const MutexLock lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void LeaseKeeper::set_device(const std::string& device) {
  const MutexLock lock(mutex_);
  device_ = device;
}

void LeaseKeeper::hold(const rpc::Lease& lease) {
  const MutexLock lock(mutex_);
  rpc::LeaseProgress progress;
  progress.task = lease.task;
  progress.fence = lease.fence;
  lease_ = progress;
  lost_ = false;
  acknowledged_ = clock_.now();
  progress_since_ = acknowledged_;
}

void LeaseKeeper::let_go() {
  const MutexLock lock(mutex_);
  lease_.reset();
  on_loss_ = nullptr;
}

void LeaseKeeper::progress(std::uint64_t done, std::uint64_t total) {
  const MutexLock lock(mutex_);
  if (!lease_) return;
  lease_->done = done;
  lease_->total = total;
  const double elapsed = std::chrono::duration<double>(clock_.now() - progress_since_).count();
  lease_->rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
}

void LeaseKeeper::progress(const rpc::TrainNumbers& train) {
  const MutexLock lock(mutex_);
  if (!lease_) return;
  lease_->done = train.step;
  lease_->total = train.steps;
  lease_->rate = train.samples_per_second;
  lease_->train = train;
}

bool LeaseKeeper::held() const {
  const MutexLock lock(mutex_);
  return lease_ && !lost_ && clock_.now() - acknowledged_ < fence_after_;
}

void LeaseKeeper::on_loss(std::function<void()> action) {
  const MutexLock lock(mutex_);
  on_loss_ = std::move(action);
}

void LeaseKeeper::check_term() {
  std::function<void()> action;
  {
    const MutexLock lock(mutex_);
    if (!lease_) return;
    if (clock_.now() - acknowledged_ >= fence_after_) lost_ = true;
    if (lost_) action = on_loss_;
  }
  if (action) action();
}

double LeaseKeeper::beat() {
  rpc::HeartbeatRequest request;
  {
    const MutexLock lock(mutex_);
    request.device = device_;
    if (lease_ && !lost_) request.leases.push_back(*lease_);
  }
  // The lease's term counts from when the coordinator may have seen the heartbeat at the earliest.
  const TimePoint sent = clock_.now();
  try {
    const rpc::HeartbeatReply reply = connection_.heartbeat(request);
    stop_ = reply.stop;
    const MutexLock lock(mutex_);
    acknowledged_ = std::max(acknowledged_, sent);
    if (lease_ &&
        std::find(reply.lost.begin(), reply.lost.end(), lease_->task) != reply.lost.end() &&
        !request.leases.empty() && request.leases.front().fence == lease_->fence &&
        request.leases.front().task == lease_->task) {
      lost_ = true;
    }
    return std::clamp(reply.next_seconds, 0.05, heartbeat_seconds_);
  } catch (const Error& error) {
    log::warning(cat("heartbeat: ", error.what()));
    return std::min(1.0, heartbeat_seconds_);
  }
}

void LeaseKeeper::beat_until_closed() {
  MutexLock lock(mutex_);
  while (!closing_) {
    lock.unlock();
    const double next = beat();
    check_term();
    lock.lock();
    if (!closing_) wake_.wait_for(mutex_, seconds(next));
  }
}

}  // namespace helip::worker
