// The worker's line to its coordinator: calls again with back-off while it cannot be reached, looks
// for its new address in the work directory, registers again when it was restarted, and gives up
// after the orphan timeout. Safe from two threads (the task's and the heartbeat's).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/threads/mutex.h"
#include "rpc/scheduler.h"

namespace helip::worker {

// No coordinator for longer than the orphan timeout, or the process was asked to stop while
// waiting: exit code 75.
class Orphaned : public CommError {
 public:
  using CommError::CommError;
};

struct ConnectionOptions {
  double orphan_timeout_seconds = 300;
  double longest_backoff_seconds = 10;
};

class Connection {
 public:
  // Takes what it calls: `connect` opens a client to the coordinator's present address (tests pass
  // the coordinator itself); `wait` sleeps for the given seconds, or returns false early if the
  // process should stop. `clock` must outlive it.
  Connection(std::function<std::shared_ptr<rpc::Scheduler>()> connect, const Clock& clock,
             std::function<bool(double seconds)> wait, const ConnectionOptions& options);

  // Registers, now and whenever the coordinator asks for it again. Throws RpcError
  // kFailedPrecondition if the worker does not fit the job.
  rpc::RegisterReply enroll(const rpc::RegisterRequest& about);
  // Adds these digests to later registrations.
  void learned(const std::string& corpus_fingerprint, const std::string& model_digest);

  // These call until an answer comes. A refusal, an RpcError, is an answer. They throw Orphaned
  // after the orphan timeout.
  rpc::AcquireReply acquire(bool in_group);
  void complete(const rpc::CompleteRequest& request);
  void fail(const rpc::FailRequest& request);

  // Tries once: the heartbeat comes again anyway. Registers again if asked to. Throws RpcError.
  rpc::HeartbeatReply heartbeat(rpc::HeartbeatRequest request);
  // Tries once: the lease ends by itself. Throws RpcError.
  void release(const rpc::ReleaseRequest& request);

 private:
  template <typename Call>
  auto persist(Call&& call);
  std::shared_ptr<rpc::Scheduler> client();
  void reconnect();
  void register_again();
  bool registered();

  std::function<std::shared_ptr<rpc::Scheduler>()> connect_;
  const Clock& clock_;
  std::function<bool(double)> wait_;
  ConnectionOptions options_;

  Mutex mutex_;
  std::shared_ptr<rpc::Scheduler> client_ HELIP_GUARDED_BY(mutex_);
  rpc::RegisterRequest about_ HELIP_GUARDED_BY(mutex_);
  rpc::WorkerId worker_ HELIP_GUARDED_BY(mutex_){};
  std::uint64_t epoch_ HELIP_GUARDED_BY(mutex_) = 0;
};

}  // namespace helip::worker
