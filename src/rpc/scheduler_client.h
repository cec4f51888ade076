// The scheduler over gRPC, with deadlines. No retries inside: the worker decides what a failure
// means (see worker/).
#pragma once

#include <memory>
#include <string>

#include "rpc/scheduler.h"

namespace helip::rpc {

class SchedulerClient final : public Scheduler {
 public:
  // `address` is host:port. Connects on first use. Each call ends after `deadline_seconds`
  // (completing, whose result file the coordinator reads again, after ten times that) with RpcError
  // kUnavailable.
  explicit SchedulerClient(const std::string& address, double deadline_seconds = 10);
  ~SchedulerClient() override;

  RegisterReply register_worker(const RegisterRequest& request) override;
  HeartbeatReply heartbeat(const HeartbeatRequest& request) override;
  AcquireReply acquire(const AcquireRequest& request) override;
  void complete(const CompleteRequest& request) override;
  void fail(const FailRequest& request) override;
  void release(const ReleaseRequest& request) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::rpc
