#include "worker/connection.h"

#include <unistd.h>

#include "common/log.h"
#include "common/text.h"
#include "rpc/backoff.h"

namespace helip::worker {

Connection::Connection(std::function<std::shared_ptr<rpc::Scheduler>()> connect, const Clock& clock,
                       std::function<bool(double)> wait, const ConnectionOptions& options)
    : connect_(std::move(connect)), clock_(clock), wait_(std::move(wait)), options_(options) {}

std::shared_ptr<rpc::Scheduler> Connection::client() {
  const MutexLock lock(mutex_);
  if (client_ == nullptr) client_ = connect_();
  return client_;
}

void Connection::reconnect() {
  const MutexLock lock(mutex_);
  client_.reset();
}

bool Connection::registered() {
  const MutexLock lock(mutex_);
  return rpc::number(worker_) != 0;
}

// Calls until an answer comes; a refusal is an answer.
template <typename Call>
auto Connection::persist(Call&& call) {
  const TimePoint began = clock_.now();
  rpc::Backoff backoff(0.1, options_.longest_backoff_seconds, static_cast<std::uint64_t>(getpid()));
  while (true) {
    std::string reason;
    try {
      return call(*client());
    } catch (const rpc::RpcError& error) {
      if (error.code() == rpc::RpcCode::kNotFound && registered()) {
        register_again();
        reason = error.what();
      } else if (error.code() == rpc::RpcCode::kUnavailable ||
                 error.code() == rpc::RpcCode::kResourceExhausted) {
        reason = error.what();
        reconnect();
      } else {
        throw;
      }
    }
    const double silent = std::chrono::duration<double>(clock_.now() - began).count();
    if (silent >= options_.orphan_timeout_seconds) {
      throw Orphaned({.what = cat("no coordinator for ", human_seconds(silent)), .found = reason});
    }
    if (!wait_(backoff.next())) throw Orphaned({.what = "stopped while the coordinator was away"});
  }
}

rpc::RegisterReply Connection::enroll(const rpc::RegisterRequest& about) {
  {
    const MutexLock lock(mutex_);
    about_ = about;
  }
  const rpc::RegisterReply reply =
      persist([&](rpc::Scheduler& scheduler) { return scheduler.register_worker(about); });
  const MutexLock lock(mutex_);
  worker_ = reply.worker;
  epoch_ = reply.epoch;
  // Another coordinator may come with another configuration than this worker goes on with.
  about_.config_digest = reply.config_digest;
  return reply;
}

void Connection::learned(const std::string& corpus_fingerprint, const std::string& model_digest) {
  const MutexLock lock(mutex_);
  about_.corpus_fingerprint = corpus_fingerprint;
  about_.model_digest = model_digest;
}

void Connection::register_again() {
  const auto scheduler = client();
  const MutexLock lock(mutex_);
  const rpc::RegisterReply reply = scheduler->register_worker(about_);
  worker_ = reply.worker;
  epoch_ = reply.epoch;
  log::info(cat("registered again, as worker ", rpc::number(worker_)));
}

rpc::AcquireReply Connection::acquire(bool in_group) {
  return persist([&](rpc::Scheduler& scheduler) {
    rpc::AcquireRequest request;
    {
      const MutexLock lock(mutex_);
      request.worker = worker_;
      request.epoch = epoch_;
    }
    request.in_group = in_group;
    return scheduler.acquire(request);
  });
}

rpc::HeartbeatReply Connection::heartbeat(rpc::HeartbeatRequest request) {
  {
    const MutexLock lock(mutex_);
    request.worker = worker_;
    request.epoch = epoch_;
  }
  try {
    return client()->heartbeat(request);
  } catch (const rpc::RpcError& error) {
    if (error.code() == rpc::RpcCode::kUnavailable) reconnect();
    if (error.code() == rpc::RpcCode::kNotFound) register_again();
    throw;
  }
}

void Connection::complete(const rpc::CompleteRequest& request) {
  persist([&](rpc::Scheduler& scheduler) {
    scheduler.complete(request);
    return 0;
  });
}

void Connection::fail(const rpc::FailRequest& request) {
  persist([&](rpc::Scheduler& scheduler) {
    scheduler.fail(request);
    return 0;
  });
}

void Connection::release(const rpc::ReleaseRequest& request) { client()->release(request); }

}  // namespace helip::worker
